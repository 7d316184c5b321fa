"""Many psql at once, each fed with one job after the other: the fastest a person loads files by hand.

1. As many psql run as sessions are allowed, for all phases: none pays for a connection twice.
2. A job is text for psql; behind it psql is told to print a mark, and the next job follows when the mark came.
3. A phase ends when all its jobs have; the first error ends everything.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from harness.exchange import Wrong
from harness.server import environment

_MARK = "the job is done"


class Sessions:
    """So many psql on one database, inside a `with`."""

    def __init__(self, program: str, url: str, folder: Path, count: int) -> None:
        command = [program, "-Xq", "-v", "ON_ERROR_STOP=1", "-d", url]
        self._all = [
            subprocess.Popen(
                command, cwd=folder, env=environment({}), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for _ in range(count)
        ]

    def run(self, jobs: list[str]) -> None:
        """Does all jobs, as many at once as there are sessions."""
        queue: SimpleQueue[str] = SimpleQueue()
        for job in jobs:
            queue.put(job)

        def work(session: "subprocess.Popen[str]") -> None:
            while True:
                try:
                    _do(session, queue.get_nowait())
                except Empty:
                    return

        with ThreadPoolExecutor(len(self._all)) as pool:
            for ended in [pool.submit(work, session) for session in self._all]:
                ended.result()

    def __enter__(self) -> "Sessions":
        return self

    def __exit__(self, *_: object) -> None:
        for session in self._all:
            session.kill()
            session.wait()


def _do(session: "subprocess.Popen[str]", job: str) -> None:
    assert session.stdin is not None and session.stdout is not None
    session.stdin.write(f"{job}\n\\echo {_MARK}\n")
    session.stdin.flush()
    said: list[str] = []
    for line in session.stdout:
        if line.strip() == _MARK:
            return
        said.append(line.strip())
    raise Wrong(f"psql ended: {' '.join(said[-3:])}")
