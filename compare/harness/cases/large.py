"""One object of 1 GiB to one reader: streamed from the store, with nothing kept."""

import json
import subprocess
from typing import Callable

from harness import content, nginx, ours, processes, store, tools
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong
from harness.machine import on_core
from harness.server import Server

TRANSFER_LIMIT = 120
"""Seconds one transfer may take."""

METRICS = (
    Metric("rate", "MiB/s", 0, more_is_better=True, compared=True),
    Metric("cpu", "CPU s/GiB", 2, compared=True),
    Metric("rss", "peak MiB", 1),
)


def one_huge_object(bench: Bench) -> Case:
    """one 1 GiB object"""

    def side(name: str, start: Callable[[], Server], warm: bool = False, is_ours: bool = False) -> Side:
        def make() -> Side:
            start()
            verified: set[str] = set()
            return Side(name, lambda: _measure(bench, start(), warm, verified))

        return bench.side(name, make, is_ours)

    def stored() -> int:
        bench.stored(content.HUGE)
        return bench.store_port()

    core = bench.cores.server
    content.path(content.HUGE)
    return Case(
        name="file-1g",
        title=f"file-server: {one_huge_object.__doc__}",
        metrics=METRICS,
        sides=[
            side("file-server", lambda: ours.file_server(core, stored()), is_ours=True),
            side("nginx-passing", lambda: nginx.passing(core, stored(), store.BUCKET)),
            side("nginx-proxy-hit", lambda: nginx.proxy(core, stored(), store.BUCKET), warm=True),
            side("nginx-disk", lambda: nginx.disk(core)),
        ],
        ours="file-server",
        targets=[
            Target("rate", 0.9, "file-server", ("nginx-passing",)),
            Target("rss", ours.RESIDENT_LIMIT_MIB, "file-server"),
        ],
        conditions=[
            "the first answer of each side is compared with the file byte by byte, each later one by its length",
            "one curl; the store works on the load generator's core" if bench.cores.store == bench.cores.load
            else "one curl; the store has a core of its own",
            "nginx-passing is proxy_pass without a cache, as ours streams an object above CACHE_OBJECT_MAX",
            "nginx-proxy-hit and nginx-disk send a file from the page cache by sendfile: shown, not a target, since a "
            "server that keeps no files cannot reach it",
        ],
    )


def _measure(bench: Bench, server: Server, warm: bool, verified: set[str]) -> Values:
    with server:
        if not verified:
            _verify(bench, server.port)
            verified.add(server.name)
        elif warm:
            _fetch(bench, server.port)
        before = processes.cpu_seconds(server.pid)
        seconds = _fetch(bench, server.port)
        used = processes.cpu_seconds(server.pid) - before
        resident = processes.peak_resident(server.pid)
    size = content.SIZES[content.HUGE]
    return {"rate": size / content.MIB / seconds, "cpu": used / size * 1024**3, "rss": resident}


def _curl(port: int, *options: str) -> list[str]:
    url = f"http://127.0.0.1:{port}/{content.HUGE}"
    return [tools.find("curl"), "--silent", "--show-error", "--max-time", str(TRANSFER_LIMIT), *options, url]


def _verify(bench: Bench, port: int) -> None:
    """Reads the object once and compares it with the file, byte by byte."""
    with on_core(bench.cores.load), open(content.path(content.HUGE), "rb") as file:
        with subprocess.Popen(_curl(port), stdout=subprocess.PIPE) as curl:
            assert curl.stdout is not None
            while block := curl.stdout.read(content.MIB):
                if block != file.read(len(block)):
                    curl.kill()
                    raise Wrong("other bytes than the file's")
        if curl.returncode or file.read(1):
            raise Wrong(f"curl ended with {curl.returncode} before the end of the object")


def _fetch(bench: Bench, port: int) -> float:
    """Reads the object once; the seconds it took."""
    size = content.SIZES[content.HUGE]
    command = _curl(port, "--output", "/dev/null", "--write-out", "%{json}")
    with on_core(bench.cores.load):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong(f"curl ended with {done.returncode}: {done.stderr.strip()[-160:]}")
    saw = json.loads(done.stdout)
    if saw["http_code"] != 200 or saw["size_download"] != size:
        raise Wrong(f"status {saw['http_code']} and {saw['size_download']} of {size} bytes")
    return float(saw["time_total"])
