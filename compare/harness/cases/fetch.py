"""content-fetcher's whole way, source to store, against each half done by a plain tool."""

from pathlib import Path
from typing import Callable

from harness import content, layout, nginx, oneshot, ours, s3, store, tools
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong
from harness.oneshot import Finished

LIMIT = 180.0
ROUNDS = 3
RESIDENT_LIMIT_MIB = 80
_KEY = content.HUGE
_METRICS = (
    Metric("rate", "MiB/s", 0, more_is_better=True, compared=True),
    Metric("cpu", "CPU s/GiB", 2, compared=True),
    Metric("rss", "peak MiB", 1),
)


def one_huge_object(bench: Bench) -> Case:
    """1 GiB from an HTTP source into the store"""
    content.path(content.HUGE)

    def side(name: str, needed: Callable[[], str], run: Callable[[], Finished], is_ours: bool = False) -> Side:
        def make() -> Side:
            needed()
            bench.store_port()
            return Side(name, lambda: _values(run()))

        return bench.side(name, make, is_ours)

    return Case(
        name="fetch-1g",
        title=f"content-fetcher: {one_huge_object.__doc__}",
        metrics=_METRICS,
        sides=[
            side("content-fetcher", lambda: ours.binary("content-fetcher"), _fetcher(bench), is_ours=True),
            side("curl -o", lambda: tools.find("curl"), lambda: _download(bench)),
            side("boto3 upload", lambda: tools.find("boto3"), lambda: _upload(bench)),
        ],
        ours="content-fetcher",
        targets=[
            Target("rate", 0.85, "content-fetcher", ("curl -o", "boto3 upload")),
            Target("rss", RESIDENT_LIMIT_MIB, "content-fetcher"),
        ],
        conditions=[
            "the program under test has one core; source (nginx, from disk) and store work on the other"
            if bench.cores.store == bench.cores.load else "the program under test, the source and the store have a core each",
            "curl downloads to a file; boto3's upload_file sends that file with its defaults; content-fetcher does both at "
            "once, hashing on the way, and nothing of it touches the disk",
            "the stored object's length is checked after each upload, its bytes after the first of ours",
        ],
        rounds=ROUNDS,
    )


def _values(done: Finished) -> Values:
    gib = content.SIZES[content.HUGE] / 1024**3
    return {"rate": gib * 1024 / done.seconds, "cpu": done.cpu_seconds / gib, "rss": done.peak_mib}


def _fetcher(bench: Bench) -> Callable[[], Finished]:
    verified: set[str] = set()

    def run() -> Finished:
        file = content.path(content.HUGE)
        bucket = _emptied(bench)
        with nginx.disk(bench.cores.load) as source:
            settings = ours.fetcher_settings(
                f"http://127.0.0.1:{source.port}/{content.HUGE}", _KEY, content.sha256(file), bucket.port
            )
            once = {**settings, "MODE": "once", "RUST_LOG": "warn"}
            done = oneshot.run("content-fetcher", [ours.binary("content-fetcher")], once, bench.cores.server, LIMIT)
        _require_stored(bucket, file, thoroughly=not verified)
        verified.add(_KEY)
        return done

    return run


def _download(bench: Bench) -> Finished:
    target = layout.WORK / "downloaded"
    try:
        with nginx.disk(bench.cores.load) as source:
            url = f"http://127.0.0.1:{source.port}/{content.HUGE}"
            command = [tools.find("curl"), "--silent", "--show-error", "--fail", "-o", str(target), url]
            done = oneshot.run("curl", command, {}, bench.cores.server, LIMIT)
        if target.stat().st_size != content.SIZES[content.HUGE]:
            raise Wrong(f"curl wrote {target.stat().st_size} bytes")
        return done
    finally:
        target.unlink(missing_ok=True)


def _upload(bench: Bench) -> Finished:
    file = content.path(content.HUGE)
    bucket = _emptied(bench)
    script = Path(oneshot.__file__).with_name("upload.py")
    command = [tools.find("boto3"), str(script), str(bucket.port), store.UPLOADS, _KEY, str(file)]
    keys = {"AWS_ACCESS_KEY_ID": store.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": store.SECRET_KEY}
    done = oneshot.run("boto3", command, keys, bench.cores.server, LIMIT)
    _require_stored(bucket, file, thoroughly=False)
    return done


def _emptied(bench: Bench) -> s3.Store:
    """The store without the object, so that there is something to do."""
    bucket = store.client(bench.store_port())
    bucket.request("DELETE", f"/{store.UPLOADS}/{_KEY}", accepted=(404,))
    return bucket


def _require_stored(bucket: s3.Store, file: Path, thoroughly: bool) -> None:
    status, headers, _ = bucket.request("HEAD", f"/{store.UPLOADS}/{_KEY}", accepted=(404,))
    if status != 200 or int(headers.get("content-length", "-1")) != file.stat().st_size:
        raise Wrong(f"the store holds {headers.get('content-length', 'nothing')} of {file.stat().st_size} bytes")
    if thoroughly:
        _, _, body = bucket.request("GET", f"/{store.UPLOADS}/{_KEY}")
        if body != file.read_bytes():
            raise Wrong("the store holds other bytes than the source's")
