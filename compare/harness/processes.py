"""What a process and its children cost, read from /proc.

1. The tree below a process is found by the parents' ids in /proc/PID/stat.
2. Its CPU time is user and system time of every living member, and of the children they have waited for.
3. Its memory is the sum of VmHWM, the most that was ever resident. Pages that members share count for each of them,
   which is fair to single processes and a little hard on nginx and gunicorn: theirs is some MiB too high.
4. What the cores did in all comes from /proc/stat: the part that neither server nor load account for is somebody else's.
"""

import os
import resource
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
"""Clock ticks a second: the unit, and the grain, of CPU times in /proc."""


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the program's name, or None once the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(pid: int) -> list[int]:
    """The process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = [pid]
    for member in found:
        found.extend(children.get(member, []))
    return found


def cpu_seconds(pid: int) -> float:
    """CPU seconds of the whole tree so far."""
    ticks = 0
    for member in tree(pid):
        if fields := _stat(member):
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def busy_seconds(cores: set[int]) -> float:
    """CPU seconds these cores have worked so far, for anybody: all but idle, iowait and what the hypervisor took."""
    wanted = {f"cpu{core}" for core in cores}
    lines = (line.split() for line in Path("/proc/stat").read_text().splitlines())
    # user nice system idle iowait irq softirq steal; guest time is part of user time
    working = (sum(int(fields[at]) for at in (1, 2, 3, 6, 7)) for fields in lines if fields[0] in wanted)
    return sum(working) / TICKS


def peak_resident(pid: int) -> float:
    """The most MiB the members of the tree ever had resident, summed."""
    return sum(peak_resident_of(member) for member in tree(pid))


def peak_resident_of(pid: int) -> float:
    """The most MiB that one process ever had resident; 0 once it has gone."""
    return _status_kib(pid, "VmHWM:") / 1024


def _status_kib(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)


def waited_seconds() -> float:
    """CPU seconds of all children that this process has waited for so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
