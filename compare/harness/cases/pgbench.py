"""pg-load bench against pgbench on the same script, and its open loop against a server that does nothing."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from harness import layout, nothing, oneshot, ours, postgres
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong
from harness.machine import on_core
from harness.oneshot import Finished

SCALE = 10
CLIENTS = 8
RATE = 10_000
LATENESS_LIMIT_MS = 1
LIMIT = 120.0
FOLDER = layout.WORK / "pg-bench"
WARM_UP = 1
"""Seconds of an open loop before it is measured: every thread and every timer has been woken once."""

_METRICS = (
    Metric("tps", "tps", 0, more_is_better=True, compared=True),
    Metric("p50", "p50 ms", 3, compared=True),
    Metric("p99", "p99 ms", 3, compared=True),
    Metric("cpu", "client CPU µs/transaction", 1, compared=True),
)
_LATENESS = (
    Metric("p50", "p50 ms late", 3, compared=True),
    Metric("p99", "p99 ms late", 3, compared=True),
    Metric("max", "worst ms late", 2),
    Metric("cpu", "client CPU µs/transaction", 1, compared=True),
)


def tpcb(bench: Bench) -> Case:
    """the TPC-B-like script, seven round trips a transaction"""
    return _against_pgbench(bench, "pg-tpcb", "tpcb-like", str(tpcb.__doc__))


def select(bench: Bench) -> Case:
    """the select-only script, one round trip a transaction"""
    return _against_pgbench(bench, "pg-select", "select-only", str(select.__doc__))


def schedule(bench: Bench) -> Case:
    """10,000 starts a second against a server that does nothing: how late they are"""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "one.sql").write_text("SELECT 1;\n")
    (FOLDER / "one.yaml").write_text("version: 1\ntransactions:\n  one: {statements: [SELECT 1]}\n")

    def side(name: str, run: Callable[[Bench, int], Values], is_ours: bool = False) -> Side:
        def make() -> Side:
            nothing.binary()
            _program(name)
            return Side(name, lambda: _on_nothing(bench, run))

        return bench.side(name, make, is_ours)

    return Case(
        name="pg-schedule",
        title=f"pg-load bench: {schedule.__doc__}",
        metrics=_LATENESS,
        sides=[side("pg-load", _ours_late, is_ours=True), side("pgbench", _pgbench_late)],
        ours="pg-load",
        targets=[Target("p99", LATENESS_LIMIT_MS, "pg-load")],
        conditions=[
            f"{RATE} a second by Poisson, 32 connections, one thread (and in pg-load the thread of arrivals); the server, the example "
            "`null-server` of pg-load, speaks the protocol and does nothing, on a core of its own",
            "late is the start of a transaction after its intended time: pg-load's lateness, pgbench's schedule lag, each from its raw log",
        ],
    )


@dataclass
class Prepared:
    """The server with pgbench's tables, made once."""

    bench: Bench
    server: postgres.Postgres | None = None

    def make(self) -> postgres.Postgres:
        """Starts it on the server's core, fills it, and says where it is."""
        if self.server is None:
            with on_core(self.bench.cores.server):
                self.server = self.bench.stack.enter_context(postgres.server("bench"))
            self.server.fresh()
            command = [postgres.program("pgbench"), "-i", "-q", "-s", str(SCALE), self.server.url()]
            oneshot.run("pgbench-init", command, {}, self.bench.cores.load, LIMIT)
        return self.server

    def rest(self) -> postgres.Postgres:
        """The tables as every round finds them."""
        server = self.make()
        for statement in ("VACUUM pgbench_branches", "VACUUM pgbench_tellers", "TRUNCATE pgbench_history", "CHECKPOINT"):
            server.ask(statement, "load")
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        return server


def _against_pgbench(bench: Bench, name: str, script: str, title: str) -> Case:
    prepared = Prepared(bench)

    def side(of: str, run: Callable[[Bench, postgres.Postgres, str], Values], is_ours: bool = False) -> Side:
        def make() -> Side:
            _program(of)
            postgres.program("pgbench")
            return Side(of, lambda: run(bench, prepared.rest(), script))

        return bench.side(of, make, is_ours)

    return Case(
        name=name,
        title=f"pg-load bench: {title}, against pgbench",
        metrics=_METRICS,
        sides=[side("pg-load", _ours, is_ours=True), side("pgbench", _pgbench)],
        ours="pg-load",
        targets=[
            Target("tps", 0.95, "pg-load", ("pgbench",)),
            Target("p50", 1 / 1.1, "pg-load", ("pgbench",)),
            Target("p99", 1 / 1.1, "pg-load", ("pgbench",)),
            Target("cpu", 1 / 1.5, "pg-load", ("pgbench",)),
        ],
        conditions=[
            f"{script} at scale {SCALE}, {CLIENTS} clients on one thread, closed loop; both prepare their statements (pgbench -M "
            "prepared) and wait for each answer before the next statement; both write a line of a raw log for each transaction",
            "the server has one core, the client another; percentiles of both are those of its own raw log, by nearest rank; CPU is "
            "that of the whole process, connecting included",
        ],
    )


def _program(name: str) -> str:
    return ours.binary("pg-load") if name == "pg-load" else postgres.program("pgbench")


def _ours(bench: Bench, server: postgres.Postgres, script: str) -> Values:
    arguments = ["--workload", script, "--clients", str(CLIENTS), "--warm-up", "0s", "--duration", f"{bench.seconds:.0f}s"]
    done, result = _bench(bench, server.url(), arguments)
    rows = _log()
    return {
        "tps": result["tps"],
        **_percentiles([int(row[2]) - int(row[0]) for row in rows], ("p50", "p99")),
        "cpu": done.cpu_seconds * 1e6 / len(rows),
    }


def _ours_late(bench: Bench, port: int) -> Values:
    arguments = ["--workload", str(FOLDER / "one.yaml"), "--clients", "32", "--rate", str(RATE), "--warm-up", f"{WARM_UP}s"]
    url = f"postgresql://nobody@127.0.0.1:{port}/nothing"
    done, result = _bench(bench, url, [*arguments, "--duration", f"{bench.seconds:.0f}s"])
    rows = _log()
    expected = RATE * bench.seconds
    if abs(len(rows) - expected) > 6 * expected**0.5:
        raise Wrong(f"{len(rows)} starts instead of {expected:.0f}")
    late = [int(row[1]) - int(row[0]) for row in rows]
    transactions = len(rows) * (bench.seconds + WARM_UP) / result["measured_seconds"]
    return {**_percentiles(late, ("p50", "p99", "max")), "cpu": done.cpu_seconds * 1e6 / transactions}


def _bench(bench: Bench, url: str, arguments: list[str]) -> "tuple[Finished, dict[str, float]]":
    out = FOLDER / "result.json"
    files = ["--log", str(FOLDER / "log.csv"), "--json", str(out), "--slo", "errors=0", "--quiet"]
    command = [ours.binary("pg-load"), "bench", "--threads", "1", *arguments, *files]
    done = oneshot.run("pg-load", command, {"DATABASE_URL": url, "RUST_LOG": "warn"}, bench.cores.load, LIMIT)
    return done, json.loads(out.read_text())


def _log() -> list[list[str]]:
    return [line.split(",") for line in (FOLDER / "log.csv").read_text().splitlines()[1:]]


def _pgbench(bench: Bench, server: postgres.Postgres, script: str) -> Values:
    arguments = ["-b", script, "-c", str(CLIENTS), "-T", f"{bench.seconds:.0f}", server.url()]
    done = _run_pgbench(bench, arguments)
    found = re.search(r"^tps = ([\d.]+)", done.output, re.MULTILINE)
    if found is None:
        raise Wrong("pgbench does not tell its tps")
    times = [int(row[2]) for row in _pgbench_log()]
    return {"tps": float(found.group(1)), **_percentiles(times, ("p50", "p99")), "cpu": done.cpu_seconds * 1e6 / len(times)}


def _pgbench_late(bench: Bench, port: int) -> Values:
    url = f"postgresql://nobody@127.0.0.1:{port}/nothing"
    script = ["-f", str(FOLDER / "one.sql"), "-c", "32", "-R", str(RATE), "-T", f"{bench.seconds + WARM_UP:.0f}"]
    done = _run_pgbench(bench, [*script, url])
    rows = _pgbench_log()
    began = min(int(row[4]) + int(row[5]) / 1e6 for row in rows)
    warm = [row for row in rows if int(row[4]) + int(row[5]) / 1e6 > began + WARM_UP]
    return {**_percentiles([int(row[6]) for row in warm], ("p50", "p99", "max")), "cpu": done.cpu_seconds * 1e6 / len(rows)}


def _run_pgbench(bench: Bench, arguments: list[str]) -> Finished:
    for old in FOLDER.glob("pgbench_log.*"):
        old.unlink()
    log = ["-n", "-j", "1", "-M", "prepared", "-l", "--log-prefix", str(FOLDER / "pgbench_log")]
    return oneshot.run("pgbench", [postgres.program("pgbench"), *log, *arguments], {}, bench.cores.load, LIMIT)


def _pgbench_log() -> list[list[str]]:
    """Client, number, µs, script, seconds, µs, and with a rate how late it began."""
    files: list[Path] = sorted(FOLDER.glob("pgbench_log.*"))
    rows = [line.split() for file in files for line in file.read_text().splitlines()]
    if not rows:
        raise Wrong("pgbench wrote no log")
    return rows


def _percentiles(micros: list[int], wanted: tuple[str, ...]) -> Values:
    """In milliseconds, by nearest rank."""
    if not micros:
        raise Wrong("not one transaction")
    ordered, shares = sorted(micros), {"p50": 50, "p99": 99, "max": 100}
    ranks = {name: max(1, -(-len(ordered) * shares[name] // 100)) for name in wanted}
    return {name: ordered[rank - 1] / 1000 for name, rank in ranks.items()}


def _on_nothing(bench: Bench, run: Callable[[Bench, int], Values]) -> Values:
    with nothing.server(bench.cores.server) as port:
        return run(bench, port)
