"""file-server with a warm cache, against nginx from disk and against nginx's own cache in front of the same store."""

from typing import Callable

from harness import content, nginx, ours, store
from harness.bench import LOAD_METRICS, Bench, cost_targets
from harness.case import Case, Target
from harness.exchange import Wrong, ask, expect
from harness.server import Server
from harness.wrk import Load

OURS, DISK, PROXY = "file-server", "nginx-disk", "nginx-proxy"
_LOGS = "every side writes its access log to a file: ours a JSON line a request, nginx its `combined` line"
_CACHES = f"CACHE_SIZE={ours.CACHE_SIZE_MIB}MiB; nginx: sendfile on, tcp_nopush off, one worker; its proxy_cache has room for all"


def small(bench: Bench) -> Case:
    """1 KiB from the cache"""
    return _case(bench, "file-1k", small, _plain(content.TEXT))


def medium(bench: Bench) -> Case:
    """100 KiB from the cache"""
    return _case(bench, "file-100k", medium, _plain(content.MEDIUM))


def unchanged(bench: Bench) -> Case:
    """1 KiB that the client has already: 304"""
    url = f"/{content.TEXT}"
    body = content.path(content.TEXT).read_bytes()

    def check(port: int) -> tuple[int, Load]:
        etag = expect(ask(port, url), 200, body=body).headers.get("etag")
        if not etag:
            raise Wrong("no ETag")
        load = Load(url, headers={"If-None-Match": etag})
        return expect(ask(port, url, load.headers), 304, length=0).wire, load

    return _case(bench, "file-304", unchanged, check)


def compressed(bench: Bench) -> Case:
    """1 KiB in br"""
    load = Load(f"/{content.TEXT}", headers={"Accept-Encoding": "br"})
    text = content.path(content.TEXT).read_bytes()
    decoded: set[bytes] = set()

    def check(port: int) -> tuple[int, Load]:
        answer = expect(ask(port, load.path, load.headers), 200)
        if answer.headers.get("content-encoding") != "br":
            raise Wrong("the answer is not in br")
        if answer.body not in decoded and content.decode_br(answer.body) != text:
            raise Wrong("the br body decodes to something else")
        decoded.add(answer.body)
        return answer.wire, load

    case = _case(bench, "file-1k-br", compressed, check, brotli=True)
    case.conditions.append(
        "a .br sibling lies in the bucket and on the disk (brotli_static); nginx's proxy knows no siblings and "
        "compresses each answer (brotli on)"
    )
    return case


def _plain(name: str) -> Callable[[int], tuple[int, Load]]:
    body = content.path(name).read_bytes()
    load = Load(f"/{name}")

    def check(port: int) -> tuple[int, Load]:
        expect(ask(port, load.path), 200, body=body)
        # The second answer comes from the cache, as all under load do; its head may differ from the first one's.
        return expect(ask(port, load.path), 200, body=body).wire, load

    return check


def _case(
    bench: Bench, name: str, maker: Callable[[Bench], Case], check: Callable[[int], tuple[int, Load]],
    brotli: bool = False,
) -> Case:
    def file_server() -> Server:
        return ours.file_server(bench.cores.server, bench.store_port())

    def disk() -> Server:
        return nginx.disk(bench.cores.server, brotli)

    def proxy() -> Server:
        return nginx.proxy(bench.cores.server, bench.store_port(), store.BUCKET, brotli)

    return Case(
        name=name,
        title=f"file-server: {maker.__doc__}",
        metrics=LOAD_METRICS,
        sides=[
            bench.under_load(OURS, file_server, check, ours=True),
            bench.under_load(DISK, disk, check),
            bench.under_load(PROXY, proxy, check),
        ],
        ours=OURS,
        targets=[
            *cost_targets(OURS, DISK, 0.9), *cost_targets(OURS, PROXY, 1.0),
            Target("rss", ours.RESIDENT_LIMIT_MIB, OURS),
        ],
        conditions=["wrk, 64 kept-alive connections, one thread", _LOGS, _CACHES],
    )
