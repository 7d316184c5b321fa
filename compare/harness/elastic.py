"""A real Elasticsearch of one node, the bare distribution that Elastic's own tests run on (`tests/elasticsearch/install`).

1. It starts on an empty folder, as `nobody` where we are root (it refuses root), on the server's core.
2. It is kept for the whole run: a Java that has just started measures its compiler.
3. `clear` deletes the reviews' indices between sides; their template stays, so that every side fills the same mapping.
"""

import http.client
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from harness import layout, tools
from harness.exchange import Wrong
from harness.server import Server, free_port

VERSION = "8.19.4"
INDEX = "reviews-2026.11"
FOLDER = layout.WORK / "elasticsearch"
_NOBODY = 65534
_START_LIMIT = 120.0
_SETTINGS = """\
node.name: compare
path.data: {folder}/data
path.logs: {folder}/logs
http.port: {port}
transport.port: {transport}
discovery.type: single-node
xpack.security.enabled: false
action.destructive_requires_name: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


def server(core: int) -> Server:
    """The node, not yet started."""
    home = layout.ROOT / "target" / "elasticsearch" / f"elasticsearch-{VERSION}"
    if not home.exists():
        raise tools.Missing("Elasticsearch is not installed (tests/elasticsearch/install)")
    java = _java()
    shutil.rmtree(FOLDER, ignore_errors=True)
    config, port = FOLDER / "config", free_port()
    config.mkdir(parents=True)
    for name in ("data", "logs", "temp"):
        (FOLDER / name).mkdir()
    for name in ("jvm.options", "log4j2.properties"):
        shutil.copy(home / "config" / name, config / name)
    (config / "elasticsearch.yml").write_text(_SETTINGS.format(folder=FOLDER, port=port, transport=free_port()))
    command = [str(home / "bin" / "elasticsearch")]
    if os.geteuid() == 0:
        for path in (FOLDER, *FOLDER.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)
        command = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *command]
    return Server(
        name="elasticsearch",
        command=command,
        port=port,
        core=core,
        settings={
            "HOME": str(FOLDER), "ES_JAVA_HOME": java, "ES_PATH_CONF": str(config), "ES_TMPDIR": str(FOLDER / "temp"),
            "ES_JAVA_OPTS": "-Xms1g -Xmx1g",
        },
        ready_path="/_cluster/health",
        start_limit=_START_LIMIT,
    )


def ask(port: int, method: str, path: str, body: Any = None) -> Any:
    """One question to the node, and its answer as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise Wrong(f"{method} {path}: {answer.status} {said[:200].decode(errors='replace')}")
        return json.loads(said)
    except OSError as fault:
        raise Wrong(f"{method} {path}: {fault}") from fault
    finally:
        connection.close()


def clear(port: int) -> None:
    """Deletes every review."""
    ask(port, "DELETE", "/reviews-*?ignore_unavailable=true")


def count(port: int) -> int:
    """How many reviews can be found now."""
    ask(port, "POST", "/reviews-*/_refresh?ignore_unavailable=true")
    return int(ask(port, "GET", "/reviews-*/_count?ignore_unavailable=true")["count"])


def wait_for(port: int, wanted: int, limit: float) -> None:
    """Returns when so many reviews are there."""
    deadline = time.monotonic() + limit
    while (found := count(port)) != wanted:
        if time.monotonic() > deadline or found > wanted:
            raise Wrong(f"{found} of {wanted} reviews are stored")
        time.sleep(0.05)


def sources(port: int) -> list[bytes]:
    """Every document as it is stored, by scrolling."""
    page = ask(port, "POST", "/reviews-*/_search?scroll=1m", {"size": 5000, "sort": ["_doc"]})
    found: list[bytes] = []
    while hits := page["hits"]["hits"]:
        found += [json.dumps(hit["_source"], ensure_ascii=False, separators=(",", ":")).encode() for hit in hits]
        page = ask(port, "POST", "/_search/scroll", {"scroll": "1m", "scroll_id": page["_scroll_id"]})
    return found


def _java() -> str:
    """A Java of 17 or newer: what JAVA_HOME says, else the newest that is installed."""
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else sorted(Path("/usr/lib/jvm").glob("*"))
    for home in homes:
        release = home / "release"
        version = release.read_text().partition('JAVA_VERSION="')[2].partition(".")[0] if release.exists() else ""
        if version.isdigit() and 17 <= int(version) < 25:
            return str(home)
    raise tools.Missing("no Java of 17 or newer (JAVA_HOME)")
