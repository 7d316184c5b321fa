# `make` lists the targets. Each is one command of the project's own tools; the work is done there.
.DEFAULT_GOAL := help
.PHONY: help run images seed bench test compare fmt lint fuzz

SERVICES := web-app work-app file-server content-fetcher review-api review-load

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## every service on embedded stores, in one terminal; PORT_BASE=9000 moves the ports
	cargo build --release --locked -p devstack $(SERVICES:%=-p %)
	exec target/release/devstack

images: ## an image of every service in the local Docker engine: ballast/NAME:VERSION
	@Dockerfiles/build

# DATABASE_URL names a server; without it this machine's own PostgreSQL runs on a folder under target/ for as long as it takes.
PG_LOAD = cargo run --release --locked -p pg-load --
PG_SERVER = $(if $(DATABASE_URL),,--local target/postgres)

seed: ## a web shop's rows into PostgreSQL, once; ROWS=1200000
	@$(PG_LOAD) seed $(PG_SERVER) $(if $(ROWS),--rows $(ROWS))

bench: ## the shop under load, against service levels; DURATION=5m CLIENTS=8 RATE=… WORKLOAD=mixed SLO="p99<200ms errors<0.1%"
	@$(PG_LOAD) bench $(PG_SERVER) --duration $(or $(DURATION),5m) --clients $(or $(CLIENTS),8) $(if $(RATE),--rate $(RATE)) \
	  --workload $(or $(WORKLOAD),mixed) $(foreach slo,$(or $(SLO),p99<200ms errors<0.1%),--slo '$(slo)') \
	  --json target/bench.json --csv target/bench.csv --html target/bench.html

test: ## every tier of tests that this machine can run; TIERS="unit stores" for some
	@tests/run $(TIERS)

compare: ## side by side with nginx, Express, podinfo, Flask, curl, Elasticsearch, pgbench; CASES="…" for some
	@compare/install
	@compare/run $(CASES)

fmt: ## format the code
	cargo fmt --all

lint: ## formats, lints and documents only
	@tests/run lint

# Without a sanitizer: there is no unsafe code here for it to watch, and the S3 client takes an hour to build under one.
fuzz: ## one minute on each fuzz target; wants cargo-fuzz and a nightly toolchain
	@cd fuzz && for target in $$(cargo +nightly fuzz list); do cargo +nightly fuzz run --sanitizer none $$target -- -max_total_time=60 || exit 1; done
