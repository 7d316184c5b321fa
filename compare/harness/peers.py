"""The peers of the two samples: Express, podinfo, and Flask under gunicorn, each as its own documentation runs it.

None of them writes an access log unless told to, so ours writes none beside them either.
"""

from harness import layout, tools
from harness.server import Server, free_port


def express(core: int) -> Server:
    """The Express sample, one process, in production mode."""
    tools.find("express")
    port = free_port()
    settings = {"PORT": str(port), "NODE_ENV": "production"}
    return Server("express", [tools.find("node"), str(layout.EXPRESS / "app.js")], port, core, settings, "/healthz")


def podinfo(core: int) -> Server:
    """podinfo with its defaults; the UI's address and the rest stay off as they are."""
    port = free_port()
    command = [tools.find("podinfo"), f"--port={port}", "--host=127.0.0.1", "--level=error"]
    return Server("podinfo", command, port, core, ready_path="/readyz")


def flask(core: int) -> Server:
    """The Flask sample under gunicorn with two workers of the default class."""
    port = free_port()
    settings = {"READINESS_DELAY_SEC": "0", "FAIL_RATE": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        tools.find("gunicorn"), "--workers", "2", "--bind", f"127.0.0.1:{port}", "--chdir", str(layout.FLASK_APP),
        "--no-control-socket", "app:app",
    ]
    return Server("flask", command, port, core, settings, "/readyz")
