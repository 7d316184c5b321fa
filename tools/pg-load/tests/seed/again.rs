//! A second seeding: of the same, of something else, by other means, at the same time.

use crate::program::{manifest, number, query, seed, seeding, start, verify};
use crate::support::{Postgres, wait_until};

#[test]
fn a_second_one_changes_nothing() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    let first = seed(&url, "1", &[]).well();
    assert_eq!(first.summary("rows"), 10_000);
    assert_eq!(first.summary("unchanged"), false);
    let before = (manifest(&url), written(&url));
    let second = seed(&url, "1", &[]).well();
    assert_eq!(second.summary("unchanged"), true);
    assert_eq!(second.summary("bytes"), 0);
    assert_eq!((manifest(&url), written(&url)), before);
    assert!(verify(&url).well().out.contains("10000 rows are as they were loaded"));
}

/// What would be another after any change: when parts were loaded, and the transactions that wrote the manifest.
fn written(url: &str) -> Vec<(String, String)> {
    let rows = query(
        url,
        "SELECT part || ' ' || loaded_at, xmin::text FROM shop.seed_manifest \
         UNION ALL SELECT began_at || ' ' || finished_at, xmin::text FROM shop.seed_run ORDER BY 1",
    );
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[test]
fn the_same_rows_whatever_works_at_once() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    seed(&url, "7", &["--parallel", "1"]).well();
    let one = manifest(&url);
    seed(&url, "8", &["--parallel", "3", "--replace"]).well();
    let other = manifest(&url);
    seed(&url, "7", &["--parallel", "5", "--replace"]).well();
    assert_eq!(manifest(&url), one);
    let same = one.iter().filter(|(part, entry)| other.get(*part) == Some(entry)).count();
    assert_eq!(same, 0, "another seed makes other rows");
    verify(&url).well();
}

#[test]
fn what_is_there_is_replaced_only_when_told() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    seed(&url, "1", &[]).well();
    let before = manifest(&url);
    for (number, rows) in [("2", "10000"), ("1", "20000")] {
        let refused = seed(&url, number, &["--rows", rows]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.log.contains("holds 10000 rows of seed 1"), "{}", refused.log);
        assert!(refused.log.contains(&format!("would be {rows} rows of seed {number}")), "{}", refused.log);
        assert!(refused.log.contains("--replace"), "{}", refused.log);
    }
    assert_eq!(manifest(&url), before);
    query(&url, "CREATE TABLE shop.mine AS SELECT 7 AS kept");
    seed(&url, "2", &["--rows", "20000", "--replace"]).well();
    let rows = "SELECT sum(rows)::bigint FROM shop.seed_manifest";
    assert_eq!(number(&url, rows), 20_000);
    assert_eq!(number(&url, "SELECT kept::bigint FROM shop.mine"), 7, "what is not ours stays");
}

#[test]
fn two_at_once_are_one() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    let both = [(); 2].map(|()| start(seeding(&url, "1", &["--rows", "100k"])));
    let both = both.map(|seeder| seeder.end().well());
    let unchanged = both.iter().filter(|ended| ended.summary("unchanged") == true).count();
    assert_eq!(unchanged, 1, "{both:?}");
    assert_eq!(
        both.iter().filter(|ended| ended.log.contains("waiting for pg-load (process")).count(),
        1,
        "{both:?}"
    );
    verify(&url).well();
}

#[test]
fn what_changed_since_is_named() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    seed(&url, "1", &[]).well();
    query(&url, "UPDATE shop.orders SET metadata = '{}' WHERE id = 17");
    let found = verify(&url);
    assert_eq!(found.code, Some(1));
    assert_eq!(found.out.matches(" differs: ").count(), 1, "{}", found.out);
    assert!(found.out.contains("shop.orders_2025_01 differs"), "{}", found.out);
    // The order is there all the same: a seeder looks for rows, not at each of them.
    assert_eq!(seed(&url, "1", &[]).well().summary("unchanged"), true);
    query(&url, "DELETE FROM shop.reviews");
    let refused = seed(&url, "1", &[]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.log.contains("shop.reviews is empty"), "{}", refused.log);
}

#[test]
fn it_ends_when_asked_and_goes_on_later() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    let seeder = start(seeding(&url, "1", &["--rows", "300k"]));
    let loaded = "SELECT count(*) FROM pg_class WHERE relname = 'seed_run'";
    wait_until("the schema is there", || number(&url, loaded) == 1);
    seeder.terminate();
    let ended = seeder.end();
    assert_eq!(ended.code, Some(130), "{}", ended.log);
    assert!(ended.log.contains("Run it again to go on"), "{}", ended.log);
    let busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg-load' AND pid <> pg_backend_pid()";
    wait_until("no session is left", || number(&url, busy) == 0);
    seed(&url, "1", &["--rows", "300k"]).well();
    verify(&url).well();
}

#[test]
fn a_dropped_index_is_made_again() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    seed(&url, "1", &[]).well();
    query(&url, "DROP INDEX shop.addresses_customer");
    let again = seed(&url, "1", &[]).well();
    assert_eq!((again.summary("unchanged"), again.summary("bytes")), (false.into(), 0.into()));
    assert_eq!(number(&url, "SELECT count(*) FROM pg_class WHERE relname = 'addresses_customer'"), 1);
}
