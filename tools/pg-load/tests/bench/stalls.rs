//! A server that stands still, and one that dies.

use std::time::Duration;

use crate::support::{Postgres, wait_until};
use crate::tool::{Run, raw_log};

const TICK: &str = "version: 1\ntransactions:\n  tick: {statements: [insert into ticks default values]}\n";
const STALL: Duration = Duration::from_secs(1);
/// Latency, in microseconds, that only a stall makes.
const SLOW: u64 = 500_000;

fn with_ticks(postgres: &Postgres) -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let session = postgres.connect().await;
        session
            .batch_execute("create table ticks (at timestamptz default clock_timestamp())")
            .await
            .expect("made");
    });
    runtime
}

fn ticks(runtime: &tokio::runtime::Runtime, postgres: &Postgres) -> i64 {
    runtime.block_on(async {
        let session = postgres.connect().await;
        session.query_one("select count(*) from ticks", &[]).await.expect("a count").get(0)
    })
}

#[test]
fn a_frozen_server_counts_for_all_whom_it_held_up() {
    let Some(mut postgres) = Postgres::start(&[]) else { return };
    let runtime = with_ticks(&postgres);
    let arguments =
        ["--rate", "200", "--arrivals", "constant", "--clients", "4", "--warm-up", "0s", "--duration", "6s"];
    let mut running =
        Run::bench(&postgres.url(), &arguments).with_workload(TICK).writing("--log", "log.csv").spawn();
    wait_until("the load runs", || ticks(&runtime, &postgres) > 50);
    postgres.freeze();
    std::thread::sleep(STALL); // this is the stall itself
    postgres.thaw();
    let (code, result, _) = running.end();
    let log = raw_log(&running.run.file("log.csv"));
    assert_eq!((code, result.committed), (Some(0), 1_200));
    assert!(result.latency.p99 >= SLOW && result.latency.max >= 900_000, "{:?}", result.latency);
    // What a tool sees that starts its clock when it gets to send: four slow transactions, one for each client.
    let slow = log.iter().filter(|line| line.ended - line.intended >= SLOW).count();
    let naive = log.iter().filter(|line| line.ended - line.started >= SLOW).count();
    assert!(slow >= 90 && naive * 10 < slow, "{naive} seem slow, {slow} are");
}

#[test]
fn a_server_that_dies_and_comes_back_is_used_again() {
    let Some(mut postgres) = Postgres::start(&[]) else { return };
    let runtime = with_ticks(&postgres);
    let arguments = ["--clients", "4", "--warm-up", "0s", "--duration", "10m"];
    let mut running = Run::bench(&postgres.url(), &arguments).with_workload(TICK).spawn();
    wait_until("the load runs", || ticks(&runtime, &postgres) > 50);
    postgres.kill();
    postgres.start_again();
    // The cluster does not sync what it writes, and loses nothing by that: the machine goes on.
    let before = ticks(&runtime, &postgres);
    wait_until("the load goes on", || ticks(&runtime, &postgres) > before + 50);
    running.interrupt();
    let (_, result, _) = running.end();
    assert!(result.connections_lost >= 4, "each client lost its connection: {}", result.connections_lost);
    let lost: u64 = result.errors.values().map(|class| class.count).sum();
    assert!(lost >= 4 && lost == result.failed, "{:?}", result.errors);
    assert!(
        result.errors.keys().all(|class| class == "connection lost" || class.starts_with("57 ")),
        "{:?}",
        result.errors
    );
}
