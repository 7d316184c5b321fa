"""A server for the length of a round.

1. It is spawned on its core, in a process group of its own, with a small environment and its output in a file.
2. The round begins when its readiness address answers 200.
3. At the end the group gets SIGTERM, and SIGKILL where that did not help; nothing is left running.
"""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Mapping

from harness import exchange, layout
from harness.machine import on_core

START_LIMIT = 30.0
"""Seconds a server may take to become ready."""

STOP_LIMIT = 10.0
"""Seconds a server may take to end after SIGTERM."""


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a child sees: its settings and what it needs to run at all, nothing of the caller's shell."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "HOME": str(layout.WORK), **settings}


@dataclass
class Server:
    """A server that runs inside a `with`."""

    name: str
    command: list[str]
    port: int
    core: int
    settings: Mapping[str, str] = field(default_factory=dict)
    ready_path: str = "/"
    ready_port: int = 0
    """Where readiness is asked for; 0 where it is the server's own port."""

    start_limit: float = START_LIMIT
    """Seconds until it must be ready."""

    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The root of the server's process tree."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return layout.LOGS / f"{self.name}.log"

    def spawn(self) -> None:
        """Starts the process without waiting for it."""
        layout.LOGS.mkdir(parents=True, exist_ok=True)
        with open(self.log, "wb") as log, on_core(self.core):
            self._process = subprocess.Popen(
                self.command,
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self, pause: float = 0.01) -> None:
        """Returns at the first 200 of the readiness address."""
        assert self._process is not None, "the server was not started"
        deadline = time.monotonic() + self.start_limit
        said = "nothing was heard"
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise exchange.Wrong(f"{self.name} ended with {self._process.returncode}: {self._last_words()}")
            try:
                answer = exchange.ask(self.ready_port or self.port, self.ready_path, {"Connection": "close"})
                if answer.status == 200:
                    return
                said = f"status {answer.status}"
            except exchange.Wrong as wrong:
                said = str(wrong)
            time.sleep(pause)
        raise exchange.Wrong(f"{self.name} was not ready after {self.start_limit:.0f} s: {said}; {self._last_words()}")

    def stop(self) -> None:
        """Ends the process and whatever it started."""
        process = self._process
        if process is None:
            return
        _signal_group(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            pass
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        self._process = None

    def __enter__(self) -> "Server":
        try:
            self.spawn()
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _last_words(self) -> str:
        tail = self.log.read_bytes()[-400:].decode(errors="replace")
        return " | ".join(tail.split("\n")[-4:]).replace(str(layout.ROOT), "").strip() or "it wrote nothing"


def _signal_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        pass  # the whole group has ended, which is what was wanted
