"""review-api's answers over a million reviews against the bare queries, its memory while it takes them, its freshness."""

import http.client
import json
import secrets
import statistics
import threading
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any

from harness import elastic, oneshot, ours, processes, reviews
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong
from harness.machine import on_core
from harness.recording import RecordingProxy

MILLION = 1_000_000
RESIDENT_LIMIT_MIB = 150
OVERHEAD_LIMIT_MS = 5
FRESH_LIMIT_MS = 1500
FRESH_POSTS = 200
FRESH_AT_ONCE = 8
BACKGROUND_RATE = 500
ROUNDS = 3
_REPEATS = 3
_WORDS = (
    "late", "cold", "milk", "driver", "fresh", "friendly", "broken", "missing", "bread", "quick", "box", "time", "pünktlich",
    "Fahrer", "kalt", "livreur", "froid", "rápido", "tarde", "świeże",
)
_FROM, _TO = "2026-11-16T12:00:00Z", "2026-11-20T00:00:00Z"


@dataclass(frozen=True)
class _Question:
    """What ours is asked, and what it then asks the node."""

    path: str
    node_path: str
    node_body: Any


def million(bench: Bench) -> Case:
    """search and statistics over a million reviews"""
    filled: list[float] = []
    """The service's peak memory while it took the million, once it has."""

    def fill() -> None:
        port = bench.elastic_port()
        elastic.clear(port)
        lines = reviews.generated(MILLION)
        with ours.review_api(bench.cores.load, port) as service:
            reviews.send(service.port, "/reviews/_bulk", reviews.bodies(lines), b'"created":%d', bench.cores.load)
            filled.append(processes.peak_resident(service.pid))
        elastic.wait_for(port, MILLION, reviews.STORED_LIMIT)
        # The node's cache of answers would hide the query behind its second asker.
        elastic.ask(port, "PUT", "/reviews-*/_settings", {"index.requests.cache.enable": False})

    def measure() -> Values:
        if not filled:
            fill()
        port = bench.elastic_port()
        searches, stats = _questions(bench, port)
        with ours.review_api(bench.cores.load, port) as service, on_core(bench.cores.load):
            values = {f"search_{key}": value for key, value in _interleaved(service.port, port, searches).items()}
            values |= {f"stats_{key}": value for key, value in _interleaved(service.port, port, stats).items()}
        return {"rss": filled[0], **values}

    def side() -> Side:
        ours.binary("review-api")
        return Side("review-api", measure)

    return Case(
        name="reviews-million",
        title=f"review-api: {million.__doc__}",
        metrics=(
            Metric("rss", "peak MiB while filling", 1),
            Metric("search_ours", "search p50 ms", 2), Metric("search_bare", "bare search p50 ms", 2),
            Metric("search_over", "search overhead ms", 2),
            Metric("stats_ours", "stats p50 ms", 2), Metric("stats_bare", "bare stats p50 ms", 2),
            Metric("stats_over", "stats overhead ms", 2),
        ),
        sides=[bench.side("review-api", side, ours=True)],
        targets=[
            Target("rss", RESIDENT_LIMIT_MIB, "review-api"), Target("search_over", OVERHEAD_LIMIT_MS, "review-api"),
            Target("stats_over", OVERHEAD_LIMIT_MS, "review-api"),
        ],
        conditions=[
            f"{MILLION} reviews, filled through /reviews/_bulk of review-api, {reviews.WORKERS} requests of {reviews.LINES} at once",
            f"{len(_WORDS)} searches of a word, {len(_WORDS)} statistics of a word over 3.5 days by the hour; each asked of ours, "
            f"then of the node itself, and the other way about, {_REPEATS} times; one connection each",
            "the bare query is what ours sends the node, recorded by a proxy, asked without the point in time that keeps ours' "
            "pages stable: opening and closing that is part of ours' overhead",
            "overhead: p50 of ours less p50 of the bare query",
            "the index's cache of answers is off, since each question is asked twice",
        ],
        rounds=ROUNDS,
    )


def fresh(bench: Bench) -> Case:
    """from a post's answer to its being found"""

    def measure() -> Values:
        port = bench.elastic_port()
        elastic.clear(port)
        with ours.review_api(bench.cores.load, port) as service:
            background = [
                ours.binary("review-load"), "load", "--url", f"http://127.0.0.1:{service.port}", "--rate", str(BACKGROUND_RATE),
                "--for", "20s", "--connections", "64",
            ]
            load = threading.Thread(target=oneshot.run, args=("review-load", background, {}, bench.cores.load, 90.0))
            load.start()
            try:
                took = _found_after(service.port)
            finally:
                load.join()
        took.sort()
        return {"p50": statistics.median(took), "p99": took[int(len(took) * 0.99)], "max": took[-1]}

    def side() -> Side:
        ours.binary("review-api")
        ours.binary("review-load")
        return Side("review-api", measure)

    return Case(
        name="reviews-fresh",
        title=f"review-api: {fresh.__doc__}",
        metrics=(Metric("p50", "p50 ms", 0), Metric("p99", "p99 ms", 0), Metric("max", "max ms", 0)),
        sides=[bench.side("review-api", side, ours=True)],
        targets=[Target("p99", FRESH_LIMIT_MS, "review-api")],
        conditions=[
            f"{FRESH_POSTS} posts, {FRESH_AT_ONCE} at once, each with a word of its own that is then searched for every 20 ms; from "
            "before the post is sent to the answer that has it",
            f"beside {BACKGROUND_RATE} other reviews a second; refresh_interval 1 s",
        ],
        rounds=ROUNDS,
    )


def _questions(bench: Bench, port: int) -> tuple[list[_Question], list[_Question]]:
    """Every question, and what ours makes of it."""
    with RecordingProxy(port) as proxy, ours.review_api(bench.cores.load, proxy.port, gzip=False) as service:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)

        def recorded(path: str) -> _Question:
            proxy.asked.clear()
            _timed(connection, "GET", path, None)
            found = [(path, body) for _, path, body in list(proxy.asked) if path.partition("?")[0].endswith("/_search")]
            if len(found) != 1:
                raise Wrong(f"GET {path} made {len(found)} searches")
            node_path, body = found[0]
            point = body.pop("pit", None)
            return _Question(path, "/reviews-*/_search" if point else node_path, body)

        words = [urllib.parse.quote(word) for word in _WORDS]
        searches = [recorded(f"/reviews?q={word}") for word in words]
        stats = [recorded(f"/reviews/stats?q={word}&from={_FROM}&to={_TO}&interval=hour") for word in words]
        connection.close()
    return searches, stats


def _interleaved(service: int, node: int, questions: list[_Question]) -> Values:
    ours_ms, bare_ms = [], []
    to_ours = http.client.HTTPConnection("127.0.0.1", service, timeout=60)
    to_node = http.client.HTTPConnection("127.0.0.1", node, timeout=60)
    for turn in range(_REPEATS * 2):
        for question in questions:
            ask_ours = lambda: ours_ms.append(_timed(to_ours, "GET", question.path, None))  # noqa: E731
            ask_bare = lambda: bare_ms.append(_timed(to_node, "POST", question.node_path, question.node_body))  # noqa: E731
            for ask in (ask_ours, ask_bare) if turn % 2 else (ask_bare, ask_ours):
                ask()
    ours_p50, bare_p50 = statistics.median(ours_ms), statistics.median(bare_ms)
    return {"ours": ours_p50, "bare": bare_p50, "over": ours_p50 - bare_p50}


def _timed(connection: http.client.HTTPConnection, method: str, path: str, body: Any) -> float:
    """Milliseconds of one exchange."""
    data = None if body is None else json.dumps(body).encode()
    began = time.perf_counter()
    connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
    answer = connection.getresponse()
    said = answer.read()
    took = (time.perf_counter() - began) * 1000
    if answer.status != 200:
        raise Wrong(f"{method} {path}: {answer.status} {said[:200].decode(errors='replace')}")
    return took


def _found_after(port: int) -> list[float]:
    took: list[float] = []
    faults: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            for _ in range(FRESH_POSTS // FRESH_AT_ONCE):
                took.append(_one(connection))
        except (Wrong, OSError) as fault:
            faults.append(str(fault))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(FRESH_AT_ONCE)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if faults:
        raise Wrong(faults[0])
    return took


def _one(connection: http.client.HTTPConnection) -> float:
    word = f"zq{secrets.token_hex(8)}"
    written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    review = {"delivery_id": word, "text": f"The box {word} came.", "rating": 4, "written_at": written}
    began = time.perf_counter()
    connection.request("POST", "/reviews", json.dumps(review).encode(), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 201:
        raise Wrong(f"POST /reviews: {answer.status}")
    while time.perf_counter() - began < 30:
        connection.request("GET", f"/reviews?q={word}")
        answer = connection.getresponse()
        if json.loads(answer.read())["items"]:
            return (time.perf_counter() - began) * 1000
        time.sleep(0.02)
    raise Wrong("a review was not found within 30 s")
