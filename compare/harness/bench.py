"""What all cases of a run share: its length, the cores, the store, and how a server is measured under wrk.

1. The store starts when the first case needs it, filled with the small files, and ends with the run.
2. `under_load` makes a side: start, check, warm up, measure, check again, stop.
3. A side whose program is missing becomes one that is left out, with the reason.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Callable

from harness import content, elastic, processes, store, tools, wrk
from harness.case import Metric, Side, Target, Values, left_out
from harness.exchange import Wrong
from harness.machine import Cores
from harness.s3 import StoreFault
from harness.server import Server

WARM_UP = 1.0
"""Seconds of load before the measured ones: caches fill, connections and branches settle."""

LOAD_METRICS = (
    Metric("rps", "requests/s", 0, more_is_better=True, compared=True),
    Metric("p50", "p50 ms", 2),
    Metric("p99", "p99 ms", 2, compared=True),
    Metric("cpu", "CPU s/10k", 3, compared=True),
    Metric("rss", "peak MiB", 1),
    Metric("busy", "core busy", 2),
    Metric("load", "wrk busy", 2),
    Metric("others", "others busy", 2),
)

Check = Callable[[int], tuple[int, wrk.Load]]
"""Asks a server at a port once: the bytes of a right answer, and the load that asks for it."""


@dataclass
class Bench:
    """A run."""

    rounds: int
    seconds: float
    cores: Cores
    without_ours: str = ""
    """Why ours are not measured, where they are not."""

    stack: ExitStack = field(default_factory=ExitStack)
    _store: Server | None = None
    _stored: set[str] = field(default_factory=set)
    _elastic: Server | None = None

    def store_port(self) -> int:
        """The port of the store, started on first use."""
        if self._store is None:
            self._store = self.stack.enter_context(store.server(self.cores.store))
            store.fill(store.client(self._store.port), content.small_files())
        return self._store.port

    def elastic_port(self) -> int:
        """The port of Elasticsearch, started on first use."""
        if self._elastic is None:
            self._elastic = self.stack.enter_context(elastic.server(self.cores.server))
        return self._elastic.port

    def stored(self, name: str) -> None:
        """Puts a large file into the store too, once, when the first case wants it."""
        port = self.store_port()
        if name not in self._stored:
            store.put(store.client(port), content.path(name))
            self._stored.add(name)

    def side(self, name: str, make: Callable[[], Side], ours: bool = False) -> Side:
        """The side, or why it is left out."""
        if ours and self.without_ours:
            return left_out(name, self.without_ours)
        try:
            return make()
        except (tools.Missing, Wrong, StoreFault) as reason:
            return left_out(name, str(reason))

    def under_load(self, name: str, start: Callable[[], Server], check: Check, ours: bool = False) -> Side:
        """A side that is measured by wrk; `start` is tried once now, so that a missing program shows early."""

        def make() -> Side:
            start()
            return Side(name, lambda: self._measure(start(), check))

        return self.side(name, make, ours)

    def _measure(self, server: Server, check: Check) -> Values:
        program = tools.find("wrk")
        with server:
            wire, load = check(server.port)
            wrk.run(program, server.port, load, WARM_UP, self.cores.load)
            cores = {self.cores.server, self.cores.load}
            worked, stored, before = processes.busy_seconds(cores), self._store_cpu(), processes.cpu_seconds(server.pid)
            outcome = wrk.run(program, server.port, load, self.seconds, self.cores.load)
            used = processes.cpu_seconds(server.pid) - before
            known = used + outcome.cpu_seconds + self._store_cpu() - stored
            others = processes.busy_seconds(cores) - worked - known
            wrk.require_sound(outcome, load, wire)
            resident = processes.peak_resident(server.pid)
            check(server.port)
        return {
            "rps": outcome.requests / outcome.seconds,
            "p50": outcome.p50_ms,
            "p99": outcome.p99_ms,
            "cpu": used / outcome.requests * 10_000,
            "rss": resident,
            "busy": used / outcome.seconds,
            "load": outcome.cpu_seconds / outcome.seconds,
            "others": max(0.0, others / outcome.seconds),
        }

    def _store_cpu(self) -> float:
        return processes.cpu_seconds(self._store.pid) if self._store else 0.0


def cost_targets(ours: str, peer: str, bound: float) -> list[Target]:
    """The same bound on requests a second and on CPU for each of them."""
    return [Target("rps", bound, ours, (peer,)), Target("cpu", bound, ours, (peer,))]
