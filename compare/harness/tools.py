"""The programs a run needs: where each is, which version, or why it is missing.

1. NAME in the environment (MINIO, PODINFO, NGINX, WRK ...) wins over the PATH, which is read with the sbin folders.
2. What is missing leaves out the sides that need it; it never stops the run.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from harness import layout

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"
_VERSION_ARGUMENTS = {
    "nginx": ["-v"], "wrk": ["-v"], "podinfo": ["--version"], "python": ["--version"],
    "boto3": ["-c", "import boto3; print(boto3.__version__)"],
    "elasticsearch-py": ["-c", "import elasticsearch; print(elasticsearch.__versionstr__)"],
    "flask": ["-c", "import importlib.metadata as m; print(m.version('flask'))"],
    "gunicorn": ["-c", "import importlib.metadata as m; print(m.version('gunicorn'))"],
    "express": ["-p", "require('express/package.json').version"],
}
_FROM_PYPI = ("python", "boto3", "elasticsearch-py", "flask", "gunicorn")


class Missing(Exception):
    """A program that this machine does not have; says what to do."""


def find(name: str) -> str:
    """The program's path."""
    if given := os.environ.get(name.upper()):
        if not os.access(given, os.X_OK):
            raise Missing(f"{name.upper()} is set, but is no program")
        return given
    if name in _FROM_PYPI:
        return _required(layout.PYTHON / ("gunicorn" if name == "gunicorn" else "python"), name)
    if name == "express":
        _required(layout.EXPRESS / "node_modules" / "express" / "package.json", name)
        return find("node")
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SBIN}")
    if found is None:
        raise Missing(f"{name} is not on the PATH and {name.upper()} is not set")
    return found


def brotli_modules() -> list[str]:
    """nginx's modules for br, as Debian ships them."""
    folder = Path("/usr/lib/nginx/modules")
    modules = [folder / f"ngx_http_brotli_{part}_module.so" for part in ("filter", "static")]
    if not all(module.exists() for module in modules):
        raise Missing("nginx's brotli modules are not installed (compare/install)")
    return [str(module) for module in modules]


def version(name: str) -> str | None:
    """The version of a program, without its path; None where it is missing or says nothing."""
    try:
        program = find(name)
    except Missing:
        return None
    if name in ("flask", "boto3", "gunicorn", "elasticsearch-py"):
        program = find("python")
    command = [program, *_VERSION_ARGUMENTS.get(name, ["--version"])]
    folder = layout.EXPRESS if name == "express" else None
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, cwd=folder)
    words = re.search(r"\d+\.\d+[\w.\-]*|RELEASE\.[\w\-]+|DEVELOPMENT\.[\w.\-]+", done.stdout + done.stderr)
    return words.group(0) if words else None


def versions() -> dict[str, str]:
    """Every version that can be had, for the results."""
    names = ("nginx", "wrk", "minio", "podinfo", "node", "express", "python", "flask", "gunicorn", "boto3", "elasticsearch-py",
             "curl", "psql", "rustc")
    return {name: found for name in names if (found := version(name))}


def _required(path: Path, name: str) -> str:
    if not path.exists():
        raise Missing(f"{name} is not installed (compare/install)")
    return str(path)
