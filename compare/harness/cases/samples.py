"""The two samples against the frameworks they come from, and web-app against podinfo."""

from typing import Callable

from harness import ours, peers
from harness.bench import LOAD_METRICS, Bench
from harness.case import Case, Target
from harness.exchange import Wrong, ask, expect
from harness.server import Server
from harness.wrk import Load

_LOGS = "no side writes an access log: the peers write none by default, ours runs with RUST_LOG=warn"
_WRK = "wrk, 64 connections, one thread"
_CROWD = 5000
P99_LIMIT_MS = 260


def web_app(bench: Bench) -> Case:
    """`/` against Express 4 and podinfo"""
    core = bench.cores.server

    def greeting(port: int) -> tuple[int, Load]:
        return expect(ask(port, "/"), 200, body=b"Hello OUI!").wire, Load("/")

    def information(port: int) -> tuple[int, Load]:
        answer = expect(ask(port, "/"), 200)
        if b'"version"' not in answer.body:
            raise Wrong("podinfo's `/` does not tell its version")
        return answer.wire, Load("/")

    return Case(
        name="web-app",
        title=f"web-app: {web_app.__doc__}",
        metrics=LOAD_METRICS,
        sides=[
            bench.under_load("web-app", lambda: ours.web_app(core), greeting, ours=True),
            bench.under_load("express", lambda: peers.express(core), greeting),
            bench.under_load("podinfo", lambda: peers.podinfo(core), information),
        ],
        ours="web-app",
        targets=[Target("rps", 7, "web-app", ("express",)), Target("rps", 2.5, "web-app", ("podinfo",))],
        conditions=[_WRK, _LOGS, "one process on one core each; Express with NODE_ENV=production; podinfo answers JSON"],
    )


def healthz(bench: Bench) -> Case:
    """/healthz against Flask under gunicorn"""

    def check(port: int) -> tuple[int, Load]:
        return expect(ask(port, "/healthz"), 200, body=b"ok").wire, Load("/healthz")

    return _against_flask(bench, "work-app-healthz", healthz, check)


def metrics(bench: Bench) -> Case:
    """/metrics against Flask under gunicorn"""

    def check(port: int) -> tuple[int, Load]:
        expect(ask(port, "/healthz"), 200)
        # gunicorn's two workers count apart: one request more finds both or the same, either has the metric's help.
        answer = expect(ask(port, "/metrics"), 200)
        if b"# TYPE http_requests_total counter" not in answer.body and b"# TYPE http_requests counter" not in answer.body:
            raise Wrong("/metrics does not tell http_requests_total")
        return answer.wire, Load("/metrics", exact_bytes=False)

    return _against_flask(bench, "work-app-metrics", metrics, check)


def five_thousand(bench: Bench) -> Case:
    """/work by 5,000 clients at once"""

    def check(port: int) -> tuple[int, Load]:
        answer = expect(ask(port, "/work"), 200)
        if b'"ok":true' not in answer.body:
            raise Wrong("/work is not ok")
        return answer.wire, Load("/work", connections=_CROWD)

    def start() -> Server:
        return ours.work_app(bench.cores.server)

    return Case(
        name="work-app-5000",
        title=f"work-app: {five_thousand.__doc__}",
        metrics=LOAD_METRICS,
        sides=[bench.under_load("work-app", start, check, ours=True)],
        targets=[Target("p99", P99_LIMIT_MS, "work-app")],
        conditions=[
            f"wrk, {_CROWD} kept-alive connections, one thread; each request sleeps 50-200 ms; FAIL_RATE=0",
            _LOGS, "Flask has no side here: two workers answer 16 requests a second at most",
        ],
    )


def _against_flask(
    bench: Bench, name: str, maker: Callable[[Bench], Case], check: Callable[[int], tuple[int, Load]]
) -> Case:
    core = bench.cores.server
    return Case(
        name=name,
        title=f"work-app: {maker.__doc__}",
        metrics=LOAD_METRICS,
        sides=[
            bench.under_load("work-app", lambda: ours.work_app(core), check, ours=True),
            bench.under_load("flask", lambda: peers.flask(core), check),
        ],
        ours="work-app",
        targets=[Target("rps", 25, "work-app", ("flask",))],
        conditions=[
            _WRK, _LOGS,
            "gunicorn with two workers of its default class, which closes every connection; both workers on the one core",
        ],
    )
