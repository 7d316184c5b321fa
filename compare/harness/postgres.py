"""A PostgreSQL of this machine, for the length of a run: what is installed, on a folder of its own under target/.

1. `initdb` makes a cluster, as `postgres` or `nobody` where the harness is root: PostgreSQL refuses that.
2. The server runs with its defaults but for a WAL that is large enough not to checkpoint in the middle of a load, alike for all
   sides; it waits for the disk as it ships.
3. Each round gets a database of its own, made before the clock runs.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from harness import layout, tools
from harness.exchange import Wrong
from harness.server import STOP_LIMIT, environment, free_port

FOLDER = layout.WORK / "postgres"
START_LIMIT = 60.0
SETTINGS = {"max_wal_size": "8GB", "shared_buffers": "512MB", "checkpoint_timeout": "30min"}
"""What differs from the defaults."""


def program(name: str) -> str:
    """One of the programs of the server that is installed."""
    try:
        folder = subprocess.run([tools.find("pg_config"), "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
        if (path := Path(folder) / name).exists():
            return str(path)
    except (tools.Missing, subprocess.CalledProcessError):
        pass
    return tools.find(name)


@dataclass(frozen=True)
class Postgres:
    """A server that runs."""

    port: int

    def url(self, database: str = "load") -> str:
        """The URL of a database for its superuser."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def ask(self, statement: str, database: str = "postgres") -> str:
        """The answer to a statement, as psql prints it without decoration."""
        command = [program("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement]
        done = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=False)
        if done.returncode:
            raise Wrong(f"{statement}: {done.stderr.strip()}")
        return done.stdout.strip()

    def fresh(self) -> None:
        """An empty database `load`, with nothing left to write of what was before."""
        self.ask("DROP DATABASE IF EXISTS load")
        self.ask("CREATE DATABASE load")
        self.ask("CHECKPOINT")

    def size(self) -> int:
        """The bytes of the database, indexes included."""
        return int(self.ask("SELECT pg_database_size('load')"))


@contextmanager
def server(name: str = "seed") -> Iterator[Postgres]:
    """The server of this name, until the end of the `with`."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    account = _account()
    if account:
        os.chown(folder, account["user"], account["group"])
    data, port = folder / "data", free_port()
    layout.LOGS.mkdir(parents=True, exist_ok=True)
    with open(layout.LOGS / "postgres.log", "wb") as log:
        about: dict[str, Any] = {"env": environment({}), "cwd": "/", "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        make = [program("initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        if subprocess.run(make, **about, **account, check=False).returncode:
            raise Wrong("initdb failed: see postgres.log")
        settings = {**SETTINGS, "listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [program("postgres"), "-D", str(data), "-p", str(port), *options]
        process = subprocess.Popen(command, **about, **account, start_new_session=True)
    try:
        found = Postgres(port)
        _wait(found, process)
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_LIMIT * 6)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(found: Postgres, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_LIMIT
    while True:
        try:
            found.ask("SELECT 1")
            return
        except Wrong as wrong:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Wrong(f"PostgreSQL does not start: {wrong}") from wrong
        time.sleep(0.05)


def _account() -> dict[str, Any]:
    """As whom the server runs, for subprocess; empty where it is the caller."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise tools.Missing("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody")
