"""A program that does one thing and ends: how long, how much CPU, how much memory.

1. It is spawned on its core, with a small environment.
2. Until it ends its peak memory is looked at every few milliseconds: VmHWM only grows, so the last look is the answer.
   (The kernel's own maxrss would begin with the memory of this harness.)
3. Its CPU time comes from wait4, with all it started and waited for.
"""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

from harness import layout, processes
from harness.exchange import Wrong
from harness.machine import on_core
from harness.server import environment

_LOOK = 0.01
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Finished:
    """What a program took."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


def run(name: str, command: list[str], settings: Mapping[str, str], core: int, limit: float) -> Finished:
    """Runs the program to its end; any other end than exit code 0 is wrong."""
    layout.LOGS.mkdir(parents=True, exist_ok=True)
    log: Path = layout.LOGS / f"{name}.log"
    with open(log, "wb") as output, on_core(core):
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment(settings), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    peak, ended = 0.0, 0
    try:
        while not ended:
            peak = max(peak, processes.peak_resident_of(process.pid))
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if time.perf_counter() - began > limit:
                raise Wrong(f"{name} was not done after {limit:.0f} s")
            if not ended:
                time.sleep(_LOOK)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if not ended:
            process.kill()
            process.wait()
    said = log.read_text(errors="replace")
    if process.returncode:
        raise Wrong(f"{name} ended with {process.returncode}: {said[-300:].strip().replace(str(layout.ROOT), '')}")
    return Finished(seconds, usage.ru_utime + usage.ru_stime, peak, said)
