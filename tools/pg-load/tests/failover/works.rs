//! Primaries that die, are shut down or hang while the ledger is kept.
#![expect(clippy::cast_precision_loss, reason = "seconds in microseconds")]

use std::process::Command;

use crate::support::{Postgres, Replicated, wait_until};
use crate::tool::{PROGRAM, Run, rows, told, wait_for_rows};

#[test]
fn a_killed_primary_and_a_promoted_standby_by_a_hook() {
    let Some(mut servers) = Replicated::start(2, "FIRST 1 (standby1, standby2)", &[]) else { return };
    let primary = servers.servers[0].server().process().expect("it runs");
    // Standby 1 has whatever was acknowledged: it is the synchronous one.
    let psql = format!("psql --no-psqlrc --tuples-only --dbname '{}' --command", servers.servers[1].url());
    let hook = format!("test -n \"$PG_LOAD_PRIMARY\" && kill -9 {primary} && {psql} 'select pg_promote()'");
    let arguments = [
        "--clients",
        "6",
        "--rate",
        "600",
        "--duration",
        "10m",
        "--hook",
        &hook,
        "--hook-after",
        "1s",
        "--slo",
        "lost=0",
        "--slo",
        "recovery<10m",
        "--slo",
        "gap<10m",
    ];
    let run = Run::start(&servers.url(), &arguments);
    wait_until("the standby takes writes", || servers.psql(1, "select pg_is_in_recovery()") == "f");
    wait_for_rows(&servers, 1, 200);
    run.interrupt();
    let (code, result, html) = run.end();
    servers.servers[0].server().wait_for_end();
    let writes = &result.writes;
    assert_eq!(
        (writes.lost, writes.doubled, writes.failed_found, writes.strangers),
        (0, 0, 0, 0),
        "{writes:?}"
    );
    assert_eq!(code, Some(0), "{result:?}");
    assert!(writes.acknowledged > 200 && result.slos.iter().all(|verdict| verdict.met));
    let fault = result.fault.expect("the hook ran");
    assert_eq!(fault.exit_code, Some(0));
    let recovery = result.recovery_us.expect("writes came back");
    assert!(result.gap_from_us + result.gap_us - fault.from_us as f64 - recovery < 1.0);
    assert!(html.contains("kill -9"));
    assert_eq!(rows(&servers, 1), 0, "a run that passed takes its rows away");
}

#[test]
fn an_orderly_restart_loses_nothing() {
    let Some(mut postgres) = Postgres::start(&[]) else { return };
    let run = Run::start(&postgres.url(), &["--clients", "4", "--duration", "10m"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let count = |postgres: &Postgres| -> i64 {
        runtime.block_on(async {
            let session = postgres.connect().await;
            let table = "select to_regclass('pg_load_ledger') is not null";
            if !session.query_one(table, &[]).await.expect("an answer").get::<_, bool>(0) {
                return 0;
            }
            session.query_one("select count(*) from pg_load_ledger", &[]).await.expect("a count").get(0)
        })
    };
    wait_until("rows are written", || count(&postgres) > 100);
    postgres.stop();
    postgres.start_again();
    let before = count(&postgres);
    wait_until("rows are written again", || count(&postgres) > before + 100);
    run.interrupt();
    let (code, result, _) = run.end();
    assert_eq!((code, result.writes.lost, result.writes.doubled), (Some(0), 0, 0), "{result:?}");
}

#[test]
fn a_primary_that_hangs_leaves_writes_unknown_and_their_fate_is_found() {
    let Some(mut servers) = Replicated::start(0, "", &[]) else { return };
    let arguments =
        ["--clients", "4", "--duration", "10m", "--write-timeout", "500ms", "--connect-timeout", "500ms"];
    let run = Run::start(&servers.url(), &arguments);
    wait_for_rows(&servers, 0, 100);
    servers.servers[0].freeze();
    std::thread::sleep(std::time::Duration::from_secs(2)); // this is the stall itself: longer than a writer waits
    servers.servers[0].thaw();
    wait_for_rows(&servers, 0, 100);
    run.interrupt();
    let (code, result, _) = run.end();
    let writes = &result.writes;
    assert_eq!((code, writes.lost, writes.doubled), (Some(0), 0, 0), "{result:?}");
    // The server wakes up and does what it had been sent: nobody was told, the check finds them.
    assert!(writes.unknown > 0 && writes.unknown_found <= writes.unknown, "{writes:?}");
    assert!(result.gap_us >= 1_500_000.0, "{}", result.gap_us);
}

#[test]
fn what_makes_no_sense_is_2() {
    for (arguments, named) in [
        (vec!["--slo", "p99<1ms"], "bench does"),
        (vec!["--hook", "true", "--hook-after", "2m"], "--hook-after lies within"),
        (vec!["--rate", "100000", "--duration", "1h"], "which a ledger does not hold"),
        (vec!["--clients", "0"], "--clients"),
        (vec!["--hook-after", "1s"], "--hook"),
    ] {
        let mut command = Command::new(PROGRAM);
        let output = command
            .arg("failover")
            .args(&arguments)
            .env("DATABASE_URL", "postgresql://a@127.0.0.1:1/b")
            .output();
        let output = output.expect("it starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", told(&output));
        assert!(told(&output).contains(named), "{arguments:?}: {}", told(&output));
    }
}
