"""Reviews to be sent, and how they are sent: the same documents, in the same number of requests, for every side.

1. review-load makes them, from a fixed seed, all of one month.
2. They are stored once by ours and read back: what a bare client sends is what ours would have stored.
3. A crowd of workers sends prepared requests, each over a connection of its own; every answer is held against what it
   must say. The time ends when every review can be counted in the store, whoever acknowledged it before.
"""

import http.client
import json
import queue
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from harness import elastic, layout, ours
from harness.exchange import Wrong
from harness.machine import on_core

LINES = 1000
"""Reviews per bulk request."""

WORKERS = 4
"""Bulk requests at once."""

STORED_LIMIT = 300.0
_UNTIL = "2026-11-20T00:00:00Z"


def generated(count: int) -> list[bytes]:
    """The first `count` reviews, a line of JSON each."""
    file: Path = layout.WORK / f"reviews-{count}.ndjson"
    if not file.exists():
        command = [ours.binary("review-load"), "generate", "--count", str(count), "--until", _UNTIL, "--over", "7d"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise Wrong(f"review-load generate: {done.stderr[-200:].decode(errors='replace')}")
        layout.WORK.mkdir(parents=True, exist_ok=True)
        file.write_bytes(done.stdout)
    return file.read_bytes().splitlines()


def stored(lines: list[bytes], core: int, elastic_port: int) -> list[bytes]:
    """The same reviews as ours stores them: sent once, and read back."""
    elastic.clear(elastic_port)
    with ours.review_api(core, elastic_port) as service:
        send(service.port, "/reviews/_bulk", bodies(lines), b'"created":%d', core)
    elastic.wait_for(elastic_port, len(lines), STORED_LIMIT)
    found = elastic.sources(elastic_port)
    if len(found) != len(lines):
        raise Wrong(f"{len(found)} of {len(lines)} reviews were read back")
    return found


def as_sent(sources: list[bytes]) -> list[bytes]:
    """What a client would send, of documents as they are stored."""
    added = ("received_at", "stored_at", "lag_ms")
    kept = ({name: value for name, value in json.loads(source).items() if name not in added} for source in sources)
    return [json.dumps(review, ensure_ascii=False, separators=(",", ":")).encode() for review in kept]


def rests(lines: list[bytes], name: str) -> Path:
    """A file of the reviews without their ids and opening braces, for `post.lua`."""
    file = layout.WORK / f"{name}.rests"
    with open(file, "wb") as out:
        for line in lines:
            review = json.loads(line)
            del review["id"]
            out.write(json.dumps(review, ensure_ascii=False, separators=(",", ":")).encode()[1:] + b"\n")
    return file


@dataclass(frozen=True)
class Body:
    """A prepared request."""

    data: bytes
    reviews: int


def bodies(lines: list[bytes]) -> list[Body]:
    """Requests of `LINES` reviews for review-api."""
    return [Body(b"\n".join(part) + b"\n", len(part)) for part in _parts(lines)]


def bare_bodies(sources: list[bytes]) -> list[Body]:
    """Requests of `LINES` documents for Elasticsearch's own `_bulk`."""
    made = []
    for part in _parts(sources):
        text = bytearray()
        for source in part:
            action = {"create": {"_index": elastic.INDEX, "_id": json.loads(source)["id"]}}
            text += json.dumps(action).encode() + b"\n" + source + b"\n"
        made.append(Body(bytes(text), len(part)))
    return made


def send(port: int, path: str, requests: list[Body], proof: bytes, core: int, workers: int = WORKERS) -> None:
    """Sends them all; `proof` must be part of every answer, its %d being the number of reviews in the request."""
    waiting: queue.SimpleQueue[Body] = queue.SimpleQueue()
    for request in requests:
        waiting.put(request)
    faults: list[str] = []
    with on_core(core):  # the workers inherit it
        crowd = [threading.Thread(target=_work, args=(port, path, waiting, proof, faults)) for _ in range(workers)]
        for worker in crowd:
            worker.start()
        for worker in crowd:
            worker.join()
    if faults:
        raise Wrong(faults[0])


def _work(port: int, path: str, waiting: "queue.SimpleQueue[Body]", proof: bytes, faults: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        while not faults:
            request = waiting.get_nowait()
            connection.request("POST", path, request.data, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200 or (proof % request.reviews if b"%d" in proof else proof) not in said:
                faults.append(f"POST {path}: {answer.status} {said[-200:].decode(errors='replace')}")
    except queue.Empty:
        pass  # all are sent
    except OSError as fault:
        faults.append(f"POST {path}: {fault}")
    finally:
        connection.close()


def _parts(lines: list[bytes]) -> list[list[bytes]]:
    return [lines[start : start + LINES] for start in range(0, len(lines), LINES)]


def timed_until_stored(elastic_port: int, wanted: int, began: float) -> float:
    """Reviews a second, from `began` until all can be found."""
    elastic.wait_for(elastic_port, wanted, STORED_LIMIT)
    return wanted / (time.perf_counter() - began)
