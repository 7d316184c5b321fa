"""A crowd on a key that no cache holds: how many requests reach the store."""

import asyncio
from contextlib import ExitStack
from typing import Callable

from harness import content, nginx, ours, processes, store
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.counting import CountingProxy
from harness.crowd import stampede
from harness.machine import on_core
from harness.server import Server

CLIENTS = 500
STORE_DELAY = 0.2
"""Seconds the store takes for this key: a store on the same machine would have answered before the crowd is there."""

_METRICS = (
    Metric("store", "store requests", 0),
    Metric("seconds", "s until all served", 3, compared=True),
    Metric("cpu", "CPU s", 3),
    Metric("rss", "peak MiB", 1),
)


def cold_key(bench: Bench) -> Case:
    """500 clients ask for one 100 KiB object that is not cached"""

    def side(name: str, start: Callable[[int], Server], is_ours: bool = False) -> Side:
        def make() -> Side:
            start(bench.store_port())
            return Side(name, lambda: _measure(bench, start))

        return bench.side(name, make, is_ours)

    core = bench.cores.server
    return Case(
        name="file-stampede",
        title=f"file-server: {cold_key.__doc__}",
        metrics=_METRICS,
        sides=[
            side("file-server", lambda port: ours.file_server(core, port), is_ours=True),
            side("nginx-proxy-lock", lambda port: nginx.proxy(core, port, store.BUCKET, lock=True)),
            side("nginx-proxy", lambda port: nginx.proxy(core, port, store.BUCKET)),
        ],
        ours="file-server",
        targets=[Target("store", 1, "file-server"), Target("rss", ours.RESIDENT_LIMIT_MIB, "file-server")],
        conditions=[
            f"{CLIENTS} connections are open before the first asks; the harness's proxy counts requests for the key and "
            f"lets each wait {STORE_DELAY * 1000:.0f} ms before the store sees it",
            "nginx-proxy-lock has proxy_cache_lock on; nginx-proxy is the default without it",
            "every body is compared with the file",
        ],
    )


def _measure(bench: Bench, start: Callable[[int], Server]) -> Values:
    body = content.path(content.MEDIUM).read_bytes()
    with ExitStack() as stack:
        stack.enter_context(on_core(bench.cores.load))
        counting = stack.enter_context(CountingProxy(bench.store_port(), f"/{content.MEDIUM}", STORE_DELAY))
        server = stack.enter_context(start(counting.port))
        before = processes.cpu_seconds(server.pid)
        seconds = asyncio.run(stampede(server.port, f"/{content.MEDIUM}", CLIENTS, body))
        return {
            "store": float(len(counting.requests)),
            "seconds": seconds,
            "cpu": processes.cpu_seconds(server.pid) - before,
            "rss": processes.peak_resident(server.pid),
        }
