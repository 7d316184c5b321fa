"""The load: wrk on its own core.

1. wrk asks one URL over kept-alive connections from one thread for some seconds.
2. `report.lua` writes what it saw as JSON, which becomes an `Outcome`.
3. An outcome is sound where no request failed, none timed out, and the bytes agree with what a single request was seen
   to take: a server that begins to answer something else under load is found by its length.
"""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping

from harness.exchange import Wrong
from harness.machine import on_core

SCRIPT = Path(__file__).with_name("report.lua")
TOLERANCE = 0.02
"""How far the bytes of an answer may drift under load: Age and request ids differ in length from answer to answer."""


@dataclass(frozen=True)
class Load:
    """What is asked, and by how many."""

    path: str
    connections: int = 64
    headers: Mapping[str, str] = field(default_factory=dict)
    exact_bytes: bool = True
    """False where the answer's length changes by nature, as that of a page of metrics does."""

    script: Path = SCRIPT
    """What makes the requests where they are not all alike; it ends as `report.lua` does."""

    arguments: tuple[str, ...] = ()
    """What the script is told."""


@dataclass(frozen=True)
class Outcome:
    """What wrk saw."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    bytes: int
    errors: Mapping[str, int]
    cpu_seconds: float
    """wrk's own: near `seconds` the load was the limit, not the server."""


def run(program: str, port: int, load: Load, seconds: float, core: int) -> Outcome:
    """Loads a server of this machine for some seconds."""
    headers = [part for name, value in load.headers.items() for part in ("-H", f"{name}: {value}")]
    command = [program, "-t1", f"-c{load.connections}", f"-d{seconds:.0f}s", "-s", str(load.script), *headers]
    before = os.times()
    with on_core(core):
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{load.path}", "--", *load.arguments],
            capture_output=True, text=True, timeout=seconds + 60, check=False,
        )
    after = os.times()
    line = next((line for line in done.stdout.splitlines() if line.startswith("JSON ")), None)
    if done.returncode or line is None:
        raise Wrong(f"wrk ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-200:]}")
    saw = json.loads(line.removeprefix("JSON "))
    duration = saw["duration_us"] / 1e6
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Outcome(
        requests=saw["requests"],
        seconds=duration,
        p50_ms=saw["p50_us"] / 1000,
        p99_ms=saw["p99_us"] / 1000,
        bytes=saw["bytes"],
        errors=saw["errors"],
        cpu_seconds=used,
    )


def require_sound(outcome: Outcome, load: Load, wire: int) -> None:
    """Voids the round where an answer was wrong; `wire` is the bytes of one right answer."""
    failed = {kind: count for kind, count in outcome.errors.items() if count}
    if failed:
        raise Wrong("under load: " + ", ".join(f"{count} {kind} errors" for kind, count in failed.items()))
    if outcome.requests == 0:
        raise Wrong("under load: not one answer")
    # wrk also counts the part of an answer that each connection was reading when the time was up.
    slack = TOLERANCE * wire * outcome.requests + load.connections * wire
    if load.exact_bytes and abs(outcome.bytes - wire * outcome.requests) > slack:
        raise Wrong(f"under load: {outcome.bytes / outcome.requests:.0f} bytes an answer instead of {wire}")
