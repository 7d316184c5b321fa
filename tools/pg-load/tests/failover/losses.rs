//! One story, told twice: a primary that has lost its standby goes on for a while and dies; the standby takes over.
//!
//! With synchronous commit nobody was told that those last writes were committed: nothing is lost. Without it they were
//! acknowledged, and are gone: that the ledger says so shows that it can see losses.

use crate::support::{Replicated, wait_until};
use crate::tool::{Run, rows, wait_for_rows};
use pg_load::report::ledger::FailoverResult;

const CLIENTS: &str = "4";

/// Writes, standby gone, `meanwhile`, primary dead, standby promoted, writes.
fn story(
    synchronous_commit: &str,
    meanwhile: impl Fn(&Replicated),
) -> Option<(Option<i32>, FailoverResult, String)> {
    let parameters = [("synchronous_commit", synchronous_commit)];
    let mut servers = Replicated::start(2, "ANY 1 (*)", &parameters)?;
    let arguments = ["--clients", CLIENTS, "--rate", "400", "--duration", "10m", "--write-timeout", "1m"];
    let run = Run::start(&servers.url(), &arguments);
    wait_for_rows(&servers, 0, 100);
    servers.servers[2].stop();
    // What is seen from here on, and all before it, standby 1 has.
    wait_for_rows(&servers, 0, 20);
    servers.servers[1].stop();
    meanwhile(&servers);
    servers.servers[0].kill();
    // It was the last to hear of anything.
    servers.servers[1].start_again();
    servers.promote(1);
    wait_for_rows(&servers, 1, 200);
    run.interrupt();
    Some(run.end())
}

#[test]
fn synchronous_commit_loses_nothing_and_says_what_became_of_the_unknown() {
    let waiting = |servers: &Replicated| {
        // Each writer waits for a standby that does not come: committed locally, and not acknowledged.
        let wait =
            "select count(*) from pg_stat_activity where wait_event = 'SyncRep' and query like 'insert%'";
        wait_until("every writer waits", || servers.psql(0, wait) == CLIENTS);
    };
    let Some((code, result, html)) = story("on", waiting) else { return };
    let writes = &result.writes;
    assert_eq!(
        (writes.lost, writes.doubled, writes.failed_found, writes.strangers),
        (0, 0, 0, 0),
        "{writes:?}"
    );
    assert_eq!((code, result.passed), (Some(0), true), "{result:?}");
    // Each writer's last write on the old primary: it reached no standby.
    assert_eq!((writes.unknown, writes.unknown_found), (4, 0), "{writes:?}");
    assert_eq!(writes.sent, writes.acknowledged + writes.unknown + writes.failed);
    assert_eq!(result.hosts.len(), 2, "first the one, then the other: {:?}", result.hosts);
    assert!(result.gap_ended && result.recovery_us.is_some_and(|recovery| recovery > 0.0));
    let counted: u64 =
        result.timeline.iter().map(|slice| slice.acknowledged + slice.failed + slice.unknown).sum();
    assert_eq!(counted, writes.sent);
    assert!(
        result.errors.contains_key("no connection") || result.errors.contains_key("connection lost"),
        "{:?}",
        result.errors
    );
    assert!(html.contains("no write acknowledged for") && html.contains("<svg") && !html.contains("NaN"));
}

#[test]
fn without_synchronous_commit_the_losses_are_seen() {
    let acknowledged_alone = |servers: &Replicated| wait_for_rows(servers, 0, 200);
    let Some((code, result, html)) = story("off", acknowledged_alone) else { return };
    let writes = &result.writes;
    // Of the 200 rows seen on the dead primary all but those under way were acknowledged.
    assert!(writes.lost >= 190, "{writes:?}");
    assert_eq!((writes.lost_ids.len(), writes.doubled), (20, 0), "{writes:?}");
    assert_eq!((code, result.passed), (Some(1), false));
    assert!(html.contains("failed</b>"), "the report says so");
}

#[test]
fn a_doubled_row_and_a_stranger_are_seen() {
    let Some(servers) = Replicated::start(0, "", &[]) else { return };
    let run = Run::start(&servers.url(), &["--clients", "2", "--duration", "10m"]);
    wait_for_rows(&servers, 0, 50);
    servers.psql(0, "insert into pg_load_ledger select run, writer, number from pg_load_ledger where (writer, number) = (1, 3)");
    servers.psql(0, "insert into pg_load_ledger select run, 77, 0 from pg_load_ledger limit 1");
    run.interrupt();
    let (code, result, _) = run.end();
    assert_eq!((result.writes.doubled, result.writes.doubled_ids), (1, vec!["1/3".to_owned()]));
    assert_eq!((result.writes.strangers, result.writes.lost, code), (1, 0, Some(1)));
    assert!(rows(&servers, 0) > 50, "the rows of a run that failed stay");
}
