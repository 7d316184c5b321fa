"""A PostgreSQL that does nothing, for the length of a round: pg-load's example `null-server`, on a core of its own.

It says where it listens, and ends with its standard input: also when the harness is killed.
"""

import subprocess
from contextlib import contextmanager
from typing import Iterator

from harness import layout, tools
from harness.exchange import Wrong
from harness.machine import on_core
from harness.server import STOP_LIMIT, environment


def binary() -> str:
    """The path of the built example."""
    path = layout.BINARIES / "examples" / "null-server"
    if not path.exists():
        raise tools.Missing("null-server is not built")
    return str(path)


@contextmanager
def server(core: int) -> Iterator[int]:
    """The port it listens on, until the end of the `with`."""
    with on_core(core):
        process = subprocess.Popen(
            [binary()], env=environment({}), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    try:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if not said.startswith("listening 127.0.0.1:"):
            raise Wrong(f"null-server says {said!r}")
        yield int(said.rpartition(":")[2])
    finally:
        process.kill()
        process.wait(STOP_LIMIT)
