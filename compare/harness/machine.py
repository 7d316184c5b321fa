"""The machine a result was measured on.

1. The processor, its cores, the kernel and the memory are read; never a host name and never a path.
2. The cores are dealt out: the server under test gets one, the load another, the store a third where there is one.
"""

import os
import platform
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator


@dataclass(frozen=True)
class Cores:
    """Which core each part of a round is pinned to."""

    server: int
    load: int
    store: int

    def describe(self) -> str:
        """One sentence for the output and the results."""
        if self.server == self.load:
            return "one core only: server, load and store share it, so that every figure is the sum of all three"
        where = "on the load generator's core" if self.store == self.load else "on a core of its own"
        return f"server under test on one core, load generator on another, store and source {where}"


def deal_cores() -> Cores:
    """Deals the cores this process may use.

    The store goes to the load's core on a machine of two: while a cached object is measured the store is idle, and
    where it is not (large objects, uploads) it must not take time from the server that is measured.
    """
    usable = sorted(os.sched_getaffinity(0), reverse=True)
    server, load = usable[0], usable[min(1, len(usable) - 1)]
    return Cores(server, load, usable[2] if len(usable) > 2 else load)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Pins this thread, and with it every process it starts meanwhile: what `taskset -c` does, without its exec."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe() -> dict[str, str | int]:
    """The machine, as it is written into each result."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": int(memory.split()[1]) // 1024,
        "kernel": platform.release(),
        "architecture": platform.machine(),
    }
