"""Every case by name: what it is called, what it compares, and the function that makes it for a run."""

from typing import Callable

from harness.bench import Bench
from harness.case import Case
from harness.cases import cached, fetch, ingest, large, pgbench, query, samples, seeding, slow, stampede, start, weight

Maker = Callable[[Bench], Case]

ALL: dict[str, Maker] = {
    "file-1k": cached.small,
    "file-100k": cached.medium,
    "file-304": cached.unchanged,
    "file-1k-br": cached.compressed,
    "file-1g": large.one_huge_object,
    "file-slow-readers": slow.readers,
    "file-stampede": stampede.cold_key,
    "web-app": samples.web_app,
    "work-app-healthz": samples.healthz,
    "work-app-metrics": samples.metrics,
    "work-app-5000": samples.five_thousand,
    "fetch-1g": fetch.one_huge_object,
    "reviews-bulk": ingest.bulk,
    "reviews-single": ingest.single,
    "reviews-million": query.million,
    "reviews-fresh": query.fresh,
    "pg-seed": seeding.seed,
    "pg-tpcb": pgbench.tpcb,
    "pg-select": pgbench.select,
    "pg-schedule": pgbench.schedule,
    "start": start.to_ready,
    "size": weight.of_binaries,
}
"""In the order in which they run; the first line of a maker's doc says what it compares."""
