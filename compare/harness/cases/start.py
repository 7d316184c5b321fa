"""From spawn to the first 200 of the readiness address."""

import subprocess
import time
from statistics import median
from typing import Callable

from harness import content, nginx, ours, peers, store
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.machine import on_core
from harness.server import Server, environment

STARTS = 10
"""How many starts one round takes the median of."""

ROUNDS = 3
LIMIT_MS = 30
_POLL = 0.0005
"""Seconds between two questions: the grain of what is measured."""

_METRICS = (Metric("ready", "ms to ready", 1), Metric("worst", "worst ms", 1))


def to_ready(bench: Bench) -> Case:
    """start to ready of each binary"""
    core = bench.cores.server

    def side(name: str, start: Callable[[], Server], is_ours: bool = False) -> Side:
        def make() -> Side:
            start()
            return Side(name, lambda: _measure(bench, start))

        return bench.side(name, make, is_ours)

    def fetcher() -> Server:
        port = bench.store_port()
        file = content.path(content.TEXT)
        source = f"http://127.0.0.1:{port}/{store.BUCKET}/{content.TEXT}"
        return ours.fetcher_sidecar(core, ours.fetcher_settings(source, content.TEXT, content.sha256(file), port))

    return Case(
        name="start",
        title=f"start: {to_ready.__doc__}",
        metrics=_METRICS,
        sides=[
            side("file-server", lambda: ours.file_server(core, bench.store_port()), is_ours=True),
            side("content-fetcher", fetcher, is_ours=True),
            side("web-app", lambda: ours.web_app(core), is_ours=True),
            side("work-app", lambda: ours.work_app(core), is_ours=True),
            side("review-api", lambda: ours.review_api(core, bench.elastic_port()), is_ours=True),
            side("nginx-disk", lambda: nginx.disk(core)),
            side("podinfo", lambda: peers.podinfo(core)),
            side("express", lambda: peers.express(core)),
            side("flask", lambda: peers.flask(core)),
            Side("fork and exec", lambda: _baseline(bench)),
        ],
        targets=[Target("ready", LIMIT_MS, name) for name in ours.NAMES],
        conditions=[
            f"median of {STARTS} starts a round; asked every {_POLL * 1000:g} ms; `fork and exec` is /bin/true to its end, "
            "which is in all of them",
            "content-fetcher runs as a sidecar, so that ready means one object looked up in a source and a store on this "
            "machine; file-server's readiness asks the store; work-app with READINESS_DELAY_SEC=0",
        ],
        rounds=ROUNDS,
    )


def _measure(bench: Bench, start: Callable[[], Server]) -> Values:
    return _spread([_one(bench, start()) for _ in range(STARTS)])


def _one(bench: Bench, server: Server) -> float:
    try:
        with on_core(bench.cores.load):
            began = time.perf_counter()
            server.spawn()
            server.wait_until_ready(_POLL)
            return time.perf_counter() - began
    finally:
        server.stop()


def _baseline(bench: Bench) -> Values:
    taken = []
    for _ in range(STARTS):
        with on_core(bench.cores.server):
            began = time.perf_counter()
            process = subprocess.Popen(["/bin/true"], env=environment({}))
        process.wait()
        taken.append(time.perf_counter() - began)
    return _spread(taken)


def _spread(seconds: list[float]) -> Values:
    return {"ready": median(seconds) * 1000, "worst": max(seconds) * 1000}
