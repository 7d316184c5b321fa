//! Every flag: what it does, and what is said where it makes no sense.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::service::{nobody, run};

#[test]
fn generate_makes_the_same_of_the_same_seed() {
    let flags =
        ["generate", "--count=20", "--seed=7", "--run=x", "--over=1h", "--until=2026-01-01T12:00:00Z"];
    let ran = run(&flags, &[]);
    assert_eq!((ran.code, ran.error.as_str()), (Some(0), ""));
    let reviews: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(reviews.len(), 20);
    let ids: BTreeSet<_> = reviews.iter().map(|review| review["id"].as_str().expect("an id")).collect();
    assert!(ids.len() == 20 && ids.iter().all(|id| id.starts_with("x-")), "{ids:?}");
    for review in &reviews {
        let at = review["written_at"].as_str().expect("a time");
        assert!(("2026-01-01T11:00:00Z".."2026-01-01T12:00:00Z").contains(&at), "{at}");
    }
    assert_eq!(run(&flags, &[]).out, ran.out);
    let other = run(&["generate", "--count=20", "--seed=8", "--run=x", "--until=2026-01-01T12:00:00Z"], &[]);
    assert_ne!(other.out, ran.out);
    assert_eq!(run(&["generate", "--count=0"], &[]).out, "");
}

#[test]
fn a_flag_that_makes_no_sense_is_named() {
    for (arguments, word) in [
        (&["generate", "--count=-1"][..], "--count"),
        (&["generate", "--count=many"], "--count"),
        (&["generate", "--seed=x"], "--seed"),
        (&["generate", "--over=soon"], "--over"),
        (&["generate", "--over=20000years"], "review-load: "),
        (&["generate", "--until=yesterday"], "--until"),
        (&["load", "--rate=-1"], "--rate"),
        (&["load", "--rate=NaN"], "--rate"),
        (&["load", "--rate=inf"], "--rate"),
        (&["load", "--rate=fast"], "--rate"),
        (&["load", "--count=-1"], "--count"),
        (&["load", "--for=ever"], "--for"),
        (&["load", "--bulk=0"], "--bulk"),
        (&["load", "--bulk=-1"], "--bulk"),
        (&["load", "--connections=0"], "--connections"),
        (&["load", "--patience=none"], "--patience"),
        (&["load", "--seed=-1"], "--seed"),
        (&["load", "--url=nowhere"], "\"nowhere\""),
        (&["load", "--url=ftp://127.0.0.1"], "http or https"),
        (&["load", "--ledger=does/not/exist"], "the ledger cannot be opened"),
        (&["load", "--nope"], "--nope"),
        (&["check"], "--ledger"),
        (&["check", "--ledger=does/not/exist"], "does/not/exist cannot be read"),
        (&["check", "--ledger=x", "--wait=long"], "--wait"),
        (&["look"], "look"),
        (&[], "Usage"),
    ] {
        let ran = run(arguments, &[]);
        assert!(matches!(ran.code, Some(1 | 2)), "{arguments:?}: {ran:?}");
        assert!(ran.error.contains(word) && ran.out.is_empty(), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn help_is_for_people_and_shows_no_token() {
    for command in ["generate", "load", "check", "feed"] {
        let ran = run(&[command, "--help"], &[("REVIEWS_TOKEN", "hunter2")]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("Usage") && !ran.out.contains("hunter2"), "{}", ran.out);
    }
}

#[test]
fn a_token_that_no_header_holds_is_refused_and_not_shown() {
    let (url, token) = (format!("--url={}", nobody()), [("REVIEWS_TOKEN", "hunter2\n")]);
    let ran = run(&["load", &url, "--count=1"], &token);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.error.contains("token") && !ran.error.contains("hunter2"), "{ran:?}");
}

#[test]
fn a_feed_names_every_variable_that_is_wrong() {
    let variables = [("RATE", "0"), ("BACKFILL", "-1"), ("BACKFILL_OVER", "0s"), ("SEED", "x")];
    let ran = run(&["feed"], &variables);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for (name, _) in variables {
        assert!(ran.out.contains(&format!("{name}: ")), "{name}: {ran:?}");
    }
}
