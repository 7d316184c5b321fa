"""MinIO on this machine, filled with the content.

1. It starts on an empty folder, with keys of its own, on the store's core.
2. The bucket is made and may be read by anybody, since nginx cannot sign; ours signs all the same.
3. Every file of the content is put under its name, with the type nginx would give it.
"""

import json
import mimetypes
import shutil
import time
from pathlib import Path

from harness import layout, s3, tools
from harness.server import START_LIMIT, Server, free_port

BUCKET = "content"
UPLOADS = "uploads"
ACCESS_KEY, SECRET_KEY = "compare", "compare-secret"
FOLDER = layout.WORK / "minio"


def server(core: int) -> Server:
    """The store, not yet started."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    port, console = free_port(), free_port()
    return Server(
        name="minio",
        command=[
            tools.find("minio"), "server", str(FOLDER), "--quiet",
            "--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{console}",
        ],
        port=port,
        core=core,
        settings={"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_BROWSER": "off"},
        ready_path="/minio/health/cluster",
    )


def client(port: int) -> s3.Store:
    """Asks the store as its owner."""
    return s3.Store(port, ACCESS_KEY, SECRET_KEY)


def fill(store: s3.Store, files: list[Path]) -> None:
    """Makes both buckets and puts the content into the first."""
    for bucket in (BUCKET, UPLOADS):
        _make_bucket(store, bucket)
    readable = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{BUCKET}/*"],
        }],
    }
    store.request("PUT", f"/{BUCKET}", "policy", json.dumps(readable).encode(), content_type="application/json")
    for file in files:
        put(store, file)


def put(store: s3.Store, file: Path) -> None:
    """Puts one file into the content bucket under its name."""
    kind = mimetypes.guess_type(file.name.removesuffix(".br"))[0] or "application/octet-stream"
    with open(file, "rb") as body:
        store.request("PUT", f"/{BUCKET}/{file.name}", body=body, length=file.stat().st_size, content_type=kind)


def _make_bucket(store: s3.Store, bucket: str) -> None:
    """Makes a bucket; MinIO says that it is ready a moment before it is, and 503 until then."""
    deadline = time.monotonic() + START_LIMIT
    while store.request("PUT", f"/{bucket}", accepted=(503,))[0] == 503:
        if time.monotonic() > deadline:
            raise s3.StoreFault(f"PUT /{bucket}: still 503 after {START_LIMIT:.0f} s")
        time.sleep(0.05)
