//! Limits as people write them.

use proptest::prelude::*;

use super::*;

fn limit(text: &str) -> Limit {
    text.parse().unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn a_limit_says_what_holds() {
    assert!(limit("failures=0").holds(0.0) && !limit("failures=0").holds(1.0));
    assert!(limit("longest-gap<2s").holds(1.999) && !limit("longest-gap<2s").holds(2.0));
    assert!(limit("p99 <= 250ms").holds(0.25) && !limit("p99<=250ms").holds(0.251));
    assert!(limit("failure-share<=0.1%").holds(0.001) && !limit("failure-share<=0.1%").holds(0.0011));
    assert!(limit("requests>=1000").holds(1_000.0) && !limit("requests>1000").holds(1_000.0));
    assert_eq!(limit("failures.wrong-status==3").metric, Metric::FailuresOf(Kind::WrongStatus));
    assert_eq!(limit("web:8080:recovered<1m30s").target.as_deref(), Some("web:8080"));
}

#[test]
fn what_is_wrong_is_named() {
    for (text, part) in [
        ("", "no comparison"),
        ("failures", "no comparison"),
        ("failures=", "no whole number"),
        ("failures=-1", "no whole number"),
        ("failures.lost=0", "no failure is called"),
        ("speed<1s", "nothing is called"),
        ("longest-gap<2", "no time"),
        ("failure-share<101%", "between 0 and 100"),
        ("failure-share<NaN", "between 0 and 100"),
        ("files:lost=0", "whole run"),
    ] {
        let fault = text.parse::<Limit>().expect_err(text);
        assert!(fault.contains(part), "{text}: {fault}");
    }
}

#[test]
fn what_nobody_names_holds_all_the_same() {
    let targets = ["files".to_owned()];
    let names = |given: &[&str], reviews| {
        let given = given.iter().map(|text| limit(text)).collect();
        Limits::new(given, &targets, reviews)
            .expect("limits")
            .iter()
            .map(Limit::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&[], false), ["failures=0"]);
    assert_eq!(names(&["longest-gap<2s"], true), ["failures=0", "lost=0", "doubled=0", "longest-gap<2s"]);
    assert_eq!(
        names(&["failures.refused<9", "lost<=1"], true),
        ["doubled=0", "failures.refused<9", "lost<=1"]
    );
}

#[test]
fn a_limit_of_what_is_not_there_is_refused() {
    let targets = ["files".to_owned()];
    let fault = Limits::new(vec![limit("web:failures=0")], &targets, false).expect_err("no such target");
    assert!(fault.contains("web") && fault.contains("files"), "{fault}");
    Limits::new(vec![limit("lost=0")], &targets, false).expect_err("no reviews");
}

#[test]
fn each_target_is_judged_and_what_was_not_measured_does_not_hold() {
    let targets = ["files".to_owned(), "web".to_owned()];
    let limits =
        Limits::new(vec![limit("failures<5"), limit("settled<10s")], &targets, false).expect("limits");
    let judged = limits.judge(&targets, |target, metric| match (target, metric) {
        (Some("files"), Metric::Failures) => Some(4.0),
        (Some("web"), Metric::Failures) => Some(5.0),
        _ => None,
    });
    let held: Vec<_> = judged.iter().map(|judged| (judged.target.as_deref(), judged.held)).collect();
    assert_eq!(held, [(Some("files"), true), (Some("web"), false), (None, false)]);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = text.parse::<Limit>();
    }

    #[test]
    fn a_limit_that_is_read_reads_again_as_the_same(
        metric in prop::sample::select(vec!["failures", "failures.reset", "requests"]),
        sign in prop::sample::select(vec!["<", "<=", "=", ">=", ">"]),
        value in 0_u32..1_000_000,
        target in prop::option::of("[a-z][a-z0-9-]{0,12}"),
    ) {
        let text = format!("{}{metric} {sign} {value}", target.map(|target| format!("{target}:")).unwrap_or_default());
        let read = limit(&text);
        prop_assert_eq!(limit(&read.to_string()), read.clone());
        let value = f64::from(value);
        prop_assert_eq!(read.holds(value), sign.contains('='));
        prop_assert_eq!(read.holds(value + 1.0), sign.contains('>'));
    }
}
