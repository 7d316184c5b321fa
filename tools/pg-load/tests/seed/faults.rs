//! What cannot be done is said, with what to do about it.

use crate::program::{query, seed, start, verify};
use crate::support::Postgres;

#[test]
fn a_command_line_that_says_too_little_or_too_much() {
    for (arguments, said) in [
        (&["seed", "--rows", "5"][..], "10000 rows at least"),
        (&["seed", "--rows", "many"], "not a number of rows"),
        (&["seed", "--parallel", "0"], "0 is not in 1..=256"),
        (&["seed", "--sslmode", "perhaps"], "verify-full"),
        (&["seed", "--local", "x", "--database-url", "postgres://u@h/d"], "cannot be used with"),
    ] {
        let ended = start(arguments).end();
        assert_eq!(ended.code, Some(2), "{arguments:?}: {}", ended.log);
        assert!(ended.log.contains(said), "{arguments:?}: {}", ended.log);
    }
}

#[test]
fn a_server_that_is_not_named_well_or_not_there() {
    for (arguments, said) in [
        (&["seed"][..], "set DATABASE_URL"),
        (&["seed", "--database-url", "http://example.org"], "the database URL cannot be used"),
        (&["seed", "--database-url", "postgres://u@h/d?sslmode=never"], "no sslmode is called"),
        (&["seed", "--database-url", "postgres://127.0.0.1:1/d"], "it names no user"),
        (&["seed", "--database-url", "postgres://u@127.0.0.1:1/d", "--sslmode", "verify-full"], "--ca-file"),
        (
            &["seed", "--database-url", "postgres://u@127.0.0.1:1/d", "--ca-file", "/nowhere.pem"],
            "/nowhere.pem",
        ),
        (
            &["seed", "--database-url", "postgres://u@127.0.0.1:1/d", "--password-file", "/nowhere"],
            "/nowhere",
        ),
        (
            &["seed", "--database-url", "postgres://u@127.0.0.1:1,127.0.0.1:2/d", "--patience", "100ms"],
            "none of 2 hosts",
        ),
        (&["verify", "--database-url", "postgres://u@127.0.0.1:1/d"], "127.0.0.1:1 cannot be reached"),
    ] {
        let ended = start(arguments).end();
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.log);
        assert!(ended.log.contains(said), "{arguments:?}: {}", ended.log);
    }
}

#[test]
fn a_password_is_never_told() {
    let ended =
        start(["seed", "--database-url", "postgres://u:hunter2@127.0.0.1:1/d", "--patience", "0s"]).end();
    assert_eq!(ended.code, Some(1));
    assert!(!ended.log.contains("hunter2"), "{}", ended.log);
}

#[test]
fn tables_of_others_stay() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    assert!(verify(&url).log.contains("nothing was seeded here"));
    query(&url, "CREATE SCHEMA shop");
    query(&url, "CREATE TABLE shop.orders AS SELECT 7 AS kept");
    for more in [&[][..], &["--replace"]] {
        let refused = seed(&url, "1", more);
        assert_eq!(refused.code, Some(1));
        assert!(refused.log.contains("holds a table orders, but no manifest"), "{}", refused.log);
    }
    assert_eq!(query(&url, "SELECT kept FROM shop.orders")[0].get::<_, i32>(0), 7);
}

#[test]
fn a_server_that_refuses_says_why_and_to_which_table() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    query(&url, "CREATE ROLE reader LOGIN");
    let ended = seed(&url.replace("postgres@", "reader@"), "1", &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.log.contains("making the schema shop: SQLSTATE 42501: permission denied"), "{}", ended.log);
    let ended = seed(&url.replace("postgres@", "nobody_we_know@"), "1", &[]);
    assert!(ended.log.contains("SQLSTATE 28000"), "{}", ended.log);
    let ended = seed(&url, "1", &["--statement-timeout", "1ms", "--rows", "400k"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.log.contains("SQLSTATE 57014"), "{}", ended.log);
    // It takes no more than the reason to be gone.
    seed(&url, "1", &["--rows", "400k"]).well();
}
