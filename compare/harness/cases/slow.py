"""Many readers slower than the server: what has to stay resident for them."""

import asyncio
import mmap
from typing import Callable

from harness import content, nginx, ours, processes, store
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.crowd import slow_readers
from harness.machine import on_core
from harness.server import Server

CLIENTS = 200
RATE = 256 * 1024
"""Bytes a second of each reader."""

SECONDS = 15.0
ROUNDS = 2
LEAST_SERVED_PERCENT = 90
"""A server that gives any reader less than this share of its rate keeps its memory small at that reader's cost."""

_METRICS = (
    Metric("rss", "peak MiB", 1, compared=True),
    Metric("served", "worst reader %", 0, more_is_better=True),
    Metric("cpu", "CPU s/GiB", 2, compared=True),
)


def readers(bench: Bench) -> Case:
    """200 slow readers of a 100 MiB object"""

    def side(name: str, start: Callable[[], Server], is_ours: bool = False) -> Side:
        def make() -> Side:
            start()
            return Side(name, lambda: _measure(bench, start()))

        return bench.side(name, make, is_ours)

    def stored() -> int:
        bench.stored(content.LARGE)
        return bench.store_port()

    core = bench.cores.server
    return Case(
        name="file-slow-readers",
        title=f"file-server: {readers.__doc__}",
        metrics=_METRICS,
        sides=[
            side("file-server", lambda: ours.file_server(core, stored()), is_ours=True),
            side("nginx-passing", lambda: nginx.passing(core, stored(), store.BUCKET)),
            side("nginx-disk", lambda: nginx.disk(core)),
        ],
        ours="file-server",
        targets=[
            Target("rss", ours.RESIDENT_LIMIT_MIB, "file-server"),
            Target("served", LEAST_SERVED_PERCENT, "file-server"),
        ],
        conditions=[
            f"{CLIENTS} connections with small receive buffers read {RATE // 1024} KiB/s each for {SECONDS:.0f} s, then go",
            "nginx-passing is proxy_pass without a cache; what nginx-disk has in the page cache is not its memory",
            "every byte is compared with the file",
        ],
        rounds=ROUNDS,
    )


def _measure(bench: Bench, server: Server) -> Values:
    with on_core(bench.cores.load), server, open(content.path(content.LARGE), "rb") as source:
        before = processes.cpu_seconds(server.pid)
        with mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as file:
            served = asyncio.run(slow_readers(server.port, f"/{content.LARGE}", CLIENTS, RATE, SECONDS, file))
        used = processes.cpu_seconds(server.pid) - before
        resident = processes.peak_resident(server.pid)
    return {"rss": resident, "served": served.least * 100, "cpu": used / served.bytes * 1024**3}
