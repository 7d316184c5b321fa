//! The primary is lost in the middle, and a standby takes over.

use crate::program::{manifest, number, seeding, start, undisturbed, verify};
use crate::support::{Replicated, wait_until};

#[test]
fn it_goes_on_at_the_promoted_standby() {
    let Some(expected) = undisturbed("3", &[]) else { return };
    let Some(mut replicated) = Replicated::start(2, "ANY 1 (*)", &[]) else { return };
    let url = replicated.url();
    let seeder = start(seeding(&url, "3", &["--parallel", "2"]));
    let primary = replicated.servers[0].url();
    wait_until("some parts are loaded", || loaded(&primary) >= 5);
    replicated.servers[0].kill();
    let before = [1, 2].map(|index| loaded(&replicated.servers[index].url()));
    let (next, other) = if before[0] >= before[1] { (1, 2) } else { (2, 1) };
    replicated.promote(next);
    replicated.follow(other, next);
    let ended = seeder.end().well();
    assert!(ended.log.contains("trying again"), "{}", ended.log);
    assert_eq!(manifest(&url), expected);
    verify(&url).well();
}

#[test]
fn what_a_failover_lost_is_loaded_again() {
    let more = ["--parallel", "1", "--rows", "100k"];
    let Some(expected) = undisturbed("3", &more) else { return };
    // Nothing waits for the standby.
    let Some(mut replicated) = Replicated::start(1, "", &[]) else { return };
    let url = replicated.url();
    let seeder = start(seeding(&url, "3", &more));
    let primary = replicated.servers[0].url();
    wait_until("some parts are loaded", || loaded(&primary) >= 3);
    replicated.servers[1].kill();
    let with_standby = loaded(&primary);
    wait_until("more parts are loaded", || loaded(&primary) >= with_standby + 5);
    replicated.servers[0].kill();
    replicated.servers[1].start_again();
    // Before it is promoted: the seeder waits for nothing else.
    let left = loaded(&replicated.servers[1].url());
    replicated.promote(1);
    assert!(left <= with_standby, "{left} parts of at least {}", with_standby + 5);
    seeder.end().well();
    assert_eq!(manifest(&url), expected);
    verify(&url).well();
}

/// How many parts are loaded; none while there is no manifest.
fn loaded(url: &str) -> i64 {
    let is_there = "SELECT count(*) FROM pg_class WHERE relname = 'seed_manifest'";
    if number(url, is_there) == 0 { 0 } else { number(url, "SELECT count(*) FROM shop.seed_manifest") }
}
