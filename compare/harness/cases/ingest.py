"""review-api's ways in against bare Elasticsearch: bulk requests, and single posts."""

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator
from contextlib import contextmanager

from harness import elastic, layout, oneshot, ours, processes, reviews, tools, wrk
from harness.bench import WARM_UP, Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong
from harness.server import Server

REVIEWS = 60_000
"""How many each side of a bulk round sends."""

WARM = 8
"""So often a bare client sends all of it before anything is measured. The JVM compiles meanwhile: from the first to the fifth time
its rate went from 14,000 to 40,000 reviews a second, and whichever side came later in a round looked better."""

CONNECTIONS = 256
P99_LIMIT_MS = 100
ROUNDS = 3
_SPOOL = layout.WORK / "spool"
_METRICS = (
    Metric("rate", "reviews/s", 0, more_is_better=True, compared=True),
    Metric("cpu", "CPU s/10k", 3),
    Metric("rss", "peak MiB", 1),
)
_SINGLE_METRICS = (*_METRICS, Metric("p50", "p50 ms", 2), Metric("p99", "p99 ms", 2), Metric("half", "p99 ms at half rate", 1))
_NODE = "Elasticsearch is pinned to one core, review-api and the client share the other: the node is the limit on every side"
_WARMED = f"before the first round a bare client sends all reviews {WARM} times, until the node's rate no longer grows"
_COUNTED = "the time ends when every review can be counted in the store, not when it is acknowledged"


@dataclass
class Prepared:
    """What both cases send, made once."""

    bench: Bench
    untold: list[bytes] = field(default_factory=list)
    """As their authors send them: two thirds do not say their language."""

    sources: list[bytes] = field(default_factory=list)
    """As they are stored."""

    lines: list[bytes] = field(default_factory=list)
    """The stored ones, without what ours adds: the same documents as a bare client sends."""

    def make(self) -> None:
        """Makes it, and with it the index template, which ours installs."""
        if not self.sources:
            self.untold = reviews.generated(REVIEWS)
            self.sources = reviews.stored(self.untold, self.bench.cores.load, self.bench.elastic_port())
            self.lines = reviews.as_sent(self.sources)
            for _ in range(WARM):
                _bare(self)


def bulk(bench: Bench) -> Case:
    """bulk requests against a bare `_bulk` client and the Python helper"""
    prepared = Prepared(bench)
    return Case(
        name="reviews-bulk",
        title=f"review-api: {bulk.__doc__}",
        metrics=_METRICS,
        sides=[
            _side(bench, "review-api", prepared, lambda: _through_ours(prepared), is_ours=True),
            _side(bench, "bare _bulk", prepared, lambda: _bare(prepared)),
            _side(bench, "review-api, spool", prepared, lambda: _through_ours(prepared, spool=True), is_ours=True),
            _side(bench, "review-api, detecting", prepared, lambda: _through_ours(prepared, detecting=True), is_ours=True),
            _side(bench, "python helper", prepared, lambda: _helper(prepared)),
        ],
        ours="review-api",
        targets=[Target("rate", 0.85, "review-api", ("bare _bulk",)), Target("rate", 0.8, "review-api, spool", ("review-api",))],
        conditions=[
            f"{REVIEWS} reviews, {reviews.LINES} a request, {reviews.WORKERS} requests at once; the bare client sends the documents "
            "that ours would store, made beforehand; ours gets the same ones", _NODE, _WARMED, _COUNTED,
            "detecting: two thirds of the reviews do not say their language, as their authors sent them, and ours finds it out",
            "python helper: `parallel_bulk` of the official client, with as many threads and as large chunks; it parses and "
            "writes the documents itself, as ours does",
        ],
        rounds=ROUNDS,
    )


def single(bench: Bench) -> Case:
    """single posts against a bare `_bulk` client and one document per request"""
    prepared = Prepared(bench)
    return Case(
        name="reviews-single",
        title=f"review-api: {single.__doc__}",
        metrics=_SINGLE_METRICS,
        sides=[
            _side(bench, "review-api", prepared, lambda: _posts(prepared, spool=False), is_ours=True),
            _side(bench, "bare _bulk", prepared, lambda: _bare(prepared)),
            _side(bench, "one per request", prepared, lambda: _one_by_one(prepared)),
            _side(bench, "review-api, spool", prepared, lambda: _posts(prepared, spool=True), is_ours=True),
        ],
        ours="review-api",
        targets=[
            Target("rate", 0.5, "review-api", ("bare _bulk",)),
            Target("rate", 10, "review-api", ("one per request",)),
            Target("rate", 0.8, "review-api, spool", ("review-api",)),
            Target("half", P99_LIMIT_MS, "review-api"),
        ],
        conditions=[
            f"wrk, {CONNECTIONS} kept-alive connections, one thread, each review with an id of its own; every answer below 400, and "
            "as many reviews in the store as wrk had answers for, at least",
            f"bare _bulk as in reviews-bulk: {reviews.LINES} documents a request, {reviews.WORKERS} requests at once",
            "one per request: PUT /INDEX/_create/ID by the same wrk",
            "at half rate: review-load in an open loop at half the rate just measured; latency from when a request was due", _NODE, _WARMED,
        ],
        rounds=ROUNDS,
    )


def _side(bench: Bench, name: str, prepared: Prepared, measure: Callable[[], Values], is_ours: bool = False) -> Side:
    def make() -> Side:
        ours.binary("review-api")
        prepared.make()
        return Side(name, measure)

    return bench.side(name, make, is_ours)


@contextmanager
def _service(prepared: Prepared, spool: bool) -> Iterator[Server]:
    shutil.rmtree(_SPOOL, ignore_errors=True)
    folder: Path | None = _SPOOL if spool else None
    with ours.review_api(prepared.bench.cores.load, prepared.bench.elastic_port(), folder) as service:
        yield service


def _through_ours(prepared: Prepared, spool: bool = False, detecting: bool = False) -> Values:
    port = prepared.bench.elastic_port()
    elastic.clear(port)
    proof = b'"accepted":' if spool else b'"created":%d'
    requests = reviews.bodies(prepared.untold if detecting else prepared.lines)
    with _service(prepared, spool) as service:
        before, began = processes.cpu_seconds(service.pid), time.perf_counter()
        reviews.send(service.port, "/reviews/_bulk", requests, proof, prepared.bench.cores.load)
        rate = reviews.timed_until_stored(port, REVIEWS, began)
        used = processes.cpu_seconds(service.pid) - before
        return {"rate": rate, "cpu": used / REVIEWS * 10_000, "rss": processes.peak_resident(service.pid)}


def _bare(prepared: Prepared) -> Values:
    port = prepared.bench.elastic_port()
    elastic.clear(port)
    requests = reviews.bare_bodies(prepared.sources)
    began = time.perf_counter()
    reviews.send(port, "/_bulk", requests, b'"errors":false', prepared.bench.cores.load)
    return {"rate": reviews.timed_until_stored(port, REVIEWS, began)}


def _helper(prepared: Prepared) -> Values:
    port = prepared.bench.elastic_port()
    elastic.clear(port)
    file = layout.WORK / "sources.ndjson"
    file.write_bytes(b"\n".join(prepared.sources) + b"\n")
    script = Path(oneshot.__file__).with_name("helper_bulk.py")
    command = [tools.find("python"), str(script), str(port), elastic.INDEX, str(file), str(reviews.LINES), str(reviews.WORKERS)]
    began = time.perf_counter()
    done = oneshot.run("helper-bulk", command, {}, prepared.bench.cores.load, reviews.STORED_LIMIT)
    rate = reviews.timed_until_stored(port, REVIEWS, began)
    return {"rate": rate, "cpu": done.cpu_seconds / REVIEWS * 10_000, "rss": done.peak_mib}


def _posts(prepared: Prepared, spool: bool) -> Values:
    bench, port = prepared.bench, prepared.bench.elastic_port()
    elastic.clear(port)
    with _service(prepared, spool) as service:
        before, began = processes.cpu_seconds(service.pid), time.perf_counter()
        rests = reviews.rests(prepared.lines, "posts")
        load = _load("/reviews", rests, "POST", "body")
        values = _wrk(bench, service.port, load)
        taken = int(values.pop("requests"))
        _wait_for_at_least(port, taken)
        values["rate"] = taken / (time.perf_counter() - began) if spool else values["rate"]
        used = processes.cpu_seconds(service.pid) - before
        values |= {"cpu": used / taken * 10_000, "rss": processes.peak_resident(service.pid)}
        if not spool:
            values["half"] = _at_half_rate(bench, service.port, values["rate"] / 2)
        return values


def _one_by_one(prepared: Prepared) -> Values:
    port = prepared.bench.elastic_port()
    elastic.clear(port)
    load = _load(f"/{elastic.INDEX}/_create/", reviews.rests(prepared.sources, "sources"), "PUT", "path")
    values = _wrk(prepared.bench, port, load)
    _wait_for_at_least(port, int(values.pop("requests")))
    return values


def _load(path: str, rests: Path, method: str, where: str) -> wrk.Load:
    script = Path(wrk.__file__).with_name("post.lua")
    run = f"w{time.monotonic_ns()}"
    return wrk.Load(path, CONNECTIONS, exact_bytes=False, script=script, arguments=(str(rests), run, method, where))


def _wrk(bench: Bench, port: int, load: wrk.Load) -> Values:
    outcome = wrk.run(tools.find("wrk"), port, load, max(bench.seconds, 4 * WARM_UP), bench.cores.load)
    wrk.require_sound(outcome, load, wire=1)
    rate = outcome.requests / outcome.seconds
    return {"requests": outcome.requests, "rate": rate, "p50": outcome.p50_ms, "p99": outcome.p99_ms}


def _wait_for_at_least(port: int, wanted: int) -> None:
    deadline = time.monotonic() + reviews.STORED_LIMIT
    while elastic.count(port) < wanted:
        if time.monotonic() > deadline:
            raise Wrong(f"fewer than {wanted} reviews are stored")
        time.sleep(0.05)


def _at_half_rate(bench: Bench, port: int, rate: float) -> float:
    command = [
        ours.binary("review-load"), "load", "--url", f"http://127.0.0.1:{port}", "--rate", f"{rate:.0f}",
        "--for", f"{max(bench.seconds, 4):.0f}s", "--connections", str(CONNECTIONS), "--patience", "5s",
    ]
    done = oneshot.run("review-load", command, {}, bench.cores.load, 120)
    said = json.loads(done.output.strip().splitlines()[-1])
    return float(said["request_ms"]["p99"])
