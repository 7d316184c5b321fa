"""Our binaries: how they are built, and how each is started.

1. They are built static and stripped with the workspace's `dist` profile, as images ship them.
2. Each runs with its defaults but for addresses, and for the access log, which is on where the peer writes one.
"""

import os
import subprocess
from pathlib import Path
from typing import Mapping

from harness import layout, store, tools
from harness.server import Server, free_port

NAMES = ("file-server", "content-fetcher", "web-app", "work-app", "review-api")
TOOLS = ("review-load", "pg-load")
"""Built beside them: what makes and sends reviews, and what fills and measures PostgreSQL."""

CACHE_SIZE_MIB = 64
RESIDENT_LIMIT_MIB = 64 + CACHE_SIZE_MIB
"""What file-server may have resident at any time: 64 MiB and its cache."""


def build() -> str | None:
    """Builds them all; the reason where that failed."""
    command = ["cargo", "build", "--profile", "dist", "--target", layout.TARGET]
    command += [part for name in (*NAMES, *TOOLS) for part in ("-p", name)]
    command += ["--bins", "--example", "null-server"]
    flags = dict(os.environ, RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs")
    try:
        done = subprocess.run(command, cwd=layout.ROOT, env=flags, check=False)
    except FileNotFoundError:
        return "cargo is not on the PATH"
    return f"cargo build ended with {done.returncode}" if done.returncode else None


def binary(name: str) -> str:
    """The path of a built binary."""
    path = layout.BINARIES / name
    if not path.exists():
        raise tools.Missing(f"{name} is not built")
    return str(path)


def file_server(core: int, store_port: int, access_log: bool = True) -> Server:
    """In front of the content bucket, with the cache's documented settings."""
    port, admin = free_port(), free_port()
    settings = {
        "S3WWW_ENDPOINT": f"http://127.0.0.1:{store_port}",
        "S3WWW_BUCKET": store.BUCKET,
        "S3WWW_ACCESS_KEY": store.ACCESS_KEY,
        "S3WWW_SECRET_KEY": store.SECRET_KEY,
        "S3WWW_ADDRESS": f"127.0.0.1:{port}",
        "CACHE_SIZE": f"{CACHE_SIZE_MIB}MiB",
        "CACHE_TTL": "10m",
        "CACHE_OBJECT_MAX": "8MiB",
    }
    return _server("file-server", core, port, admin, settings, access_log)


def web_app(core: int, access_log: bool = False) -> Server:
    """The Express sample's contract."""
    port, admin = free_port(), free_port()
    return _server("web-app", core, port, admin, {"PORT": str(port)}, access_log)


def work_app(core: int, access_log: bool = False) -> Server:
    """The Flask sample's contract, ready at once and without its chance failures, which would void a round."""
    port = free_port()
    settings = {"PORT": str(port), "READINESS_DELAY_SEC": "0", "FAIL_RATE": "0"}
    return _server("work-app", core, port, 0, settings, access_log)


def fetcher_settings(source: str, key: str, sha256: str, store_port: int) -> dict[str, str]:
    """What content-fetcher needs for one object."""
    return {
        "SOURCE_URL": source,
        "OBJECT_KEY": key,
        "SHA256": sha256,
        "S3_ENDPOINT": f"http://127.0.0.1:{store_port}",
        "S3_BUCKET": store.UPLOADS,
        "S3_ACCESS_KEY": store.ACCESS_KEY,
        "S3_SECRET_KEY": store.SECRET_KEY,
        "ALLOW_CIDRS": "127.0.0.0/8",
        "ADMIN_ADDRESS": f"127.0.0.1:{free_port()}",
    }


def fetcher_sidecar(core: int, settings: Mapping[str, str]) -> Server:
    """content-fetcher as a sidecar: ready after its first success."""
    admin = free_port()
    watching = {**settings, "MODE": "watch"}
    return _server("content-fetcher", core, admin, admin, watching, access_log=False)


def review_api(core: int, elastic_port: int, spool: Path | None = None, gzip: bool = True) -> Server:
    """In front of a node of one machine, with the documented settings otherwise."""
    port, admin = free_port(), free_port()
    settings = {
        "PORT": str(port),
        "ELASTICSEARCH_URL": f"http://127.0.0.1:{elastic_port}",
        "REVIEWS_REPLICAS": "0",
        "ELASTICSEARCH_GZIP": "true" if gzip else "false",
        **({"SPOOL_DIR": str(spool)} if spool else {}),
    }
    return _server("review-api", core, port, admin, settings, access_log=False)


def _server(name: str, core: int, port: int, admin: int, settings: Mapping[str, str], access_log: bool) -> Server:
    everything = {**settings, "LOG_FORMAT": "json", "RUST_LOG": "info" if access_log else "warn"}
    if admin:
        everything["ADMIN_ADDRESS"] = f"127.0.0.1:{admin}"
    return Server(name, [binary(name)], port, core, everything, ready_path="/readyz", ready_port=admin)
