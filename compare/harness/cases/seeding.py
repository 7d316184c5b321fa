"""pg-load seed against parallel psql on ready files, and against pgbench -i."""

import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from harness import layout, ours, postgres, processes, psql, tools
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong
from harness.server import environment

ROWS = 1_200_000
PARALLEL = 2
SECONDS_LIMIT = 10
SCALE = 20
"""pgbench's: 100,000 rows each, about as many bytes as the shop."""

FILES = layout.WORK / "pg-csv"
ROUNDS = 3
_METRICS = (
    Metric("rate", "rows/s", 0, more_is_better=True, compared=True),
    Metric("mbs", "MB/s", 1, more_is_better=True, compared=True),
    Metric("seconds", "s", 2),
    Metric("cpu", "client CPU s", 2, compared=True),
    Metric("size", "MB there", 0),
)


@dataclass
class Prepared:
    """What the sides share: a server, and the files."""

    bench: Bench
    server: postgres.Postgres | None = None

    def make(self) -> None:
        """Starts the server and has the files written, once."""
        if self.server is None:
            postgres.program("pgbench")
            shutil.rmtree(FILES, ignore_errors=True)
            write = [ours.binary("pg-load"), "seed", "--rows", str(ROWS), "--csv", str(FILES)]
            subprocess.run(write, env=environment({}), check=True)
            self.server = self.bench.stack.enter_context(postgres.server())


def seed(bench: Bench) -> Case:
    """1.2 million rows against parallel `psql \\copy` of the same rows from files, and against pgbench -i"""
    prepared = Prepared(bench)
    return Case(
        name="pg-seed",
        title=f"pg-load seed: {seed.__doc__}",
        metrics=_METRICS,
        sides=[
            _side(prepared, "pg-load", _ours),
            _side(prepared, "psql copy", _psql),
            _side(prepared, "pgbench -i", _pgbench),
        ],
        ours="pg-load",
        targets=[
            Target("rate", 0.9, "pg-load", ("psql copy",)),
            Target("mbs", 0.9, "pg-load", ("psql copy",)),
            Target("mbs", 2, "pg-load", ("pgbench -i",)),
            Target("seconds", SECONDS_LIMIT, "pg-load"),
        ],
        conditions=[
            f"PostgreSQL as it ships but for {', '.join(f'{name} {value}' for name, value in postgres.SETTINGS.items())}; an empty "
            "database each round; server and client share all cores",
            f"psql copy: {PARALLEL} psql at once, fed with the jobs that `pg-load seed --csv` writes beside its files: the same "
            "schema, TRUNCATE and COPY FREEZE per part, keys, foreign keys NOT VALID and validated, ANALYZE, in the same order; the "
            "files lie in the page cache",
            f"pgbench -i -s {SCALE}: client-side generation, COPY, vacuum and primary keys by one session",
            "the bytes are those of the database that is there afterwards, indexes included, less those of an empty one",
        ],
        rounds=ROUNDS,
    )


def _side(prepared: Prepared, name: str, load: Callable[[postgres.Postgres], None]) -> Side:
    def make() -> Side:
        prepared.make()
        return Side(name, lambda: _measure(prepared, name, load))

    return prepared.bench.side(name, make, ours=name == "pg-load")


def _measure(prepared: Prepared, name: str, load: Callable[[postgres.Postgres], None]) -> Values:
    server = prepared.server
    assert server is not None, "prepared"
    server.fresh()
    empty, before, began = server.size(), processes.waited_seconds(), time.perf_counter()
    load(server)
    seconds, used = time.perf_counter() - began, processes.waited_seconds() - before
    size = server.size() - empty
    rows = SCALE * 100_011 if name == "pgbench -i" else _rows(server)
    return {"rate": rows / seconds, "mbs": size / 1e6 / seconds, "seconds": seconds, "cpu": used, "size": size / 1e6}


def _rows(server: postgres.Postgres) -> int:
    """The rows that are there, each table counted."""
    tables = "SELECT string_agg(format('SELECT count(*) FROM shop.%I', relname), ' UNION ALL ') FROM pg_class " \
        "WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r' AND relname NOT LIKE 'seed%'"
    counts = server.ask(server.ask(tables, "load"), "load")
    rows = sum(int(count) for count in counts.split())
    if rows != ROWS:
        raise Wrong(f"{rows} rows are there instead of {ROWS}")
    return rows


def _ours(server: postgres.Postgres) -> None:
    _run([ours.binary("pg-load"), "seed", "--rows", str(ROWS), "--parallel", str(PARALLEL), "--database-url", server.url()])


def _psql(server: postgres.Postgres) -> None:
    with psql.Sessions(postgres.program("psql"), server.url(), FILES, PARALLEL) as sessions:
        for phase in sorted((FILES / "steps").iterdir()):
            sessions.run(phase.read_text().split("\n\n"))


def _pgbench(server: postgres.Postgres) -> None:
    _run([postgres.program("pgbench"), "-i", "-q", "-s", str(SCALE), server.url()])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, env=environment({}), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong(f"{command[0].rpartition('/')[2]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
