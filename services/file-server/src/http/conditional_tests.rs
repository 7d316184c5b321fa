use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::{Decision::*, *};

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const EXACT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

/// The object of these tests: `"a"`, modified at [`EXACT`] and half a second.
fn decide_for(tag: Option<&str>, method: &Method, pairs: &[(&str, &str)]) -> Decision {
    let etag = tag.map(|tag| EntityTag::parse(tag.as_bytes()).unwrap());
    let headers: HeaderMap = pairs
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )
        })
        .collect();
    let last_modified = Some(UNIX_EPOCH + Duration::from_millis(784_111_777_500));
    evaluate(method, &headers, Validators { etag: etag.as_ref(), last_modified })
}

#[track_caller]
fn get(pairs: &[(&str, &str)], expected: Decision) {
    assert_eq!(decide_for(Some("\"a\""), &Method::GET, pairs), expected, "{pairs:?}");
}

#[test]
fn without_conditions_it_is_sent() {
    get(&[], Send);
    get(&[("range", "bytes=0-1")], Send);
}

#[test]
fn if_match_is_strong_and_wins_over_if_unmodified_since() {
    get(&[("if-match", "\"a\"")], Send);
    get(&[("if-match", "*")], Send);
    get(&[("if-match", "\"x\", \"a\"")], Send);
    get(&[("if-match", "W/\"a\"")], PreconditionFailed);
    get(&[("if-match", "\"x\"")], PreconditionFailed);
    get(&[("if-match", "rubbish")], PreconditionFailed);
    get(&[("if-match", "\"a\""), ("if-unmodified-since", BEFORE)], Send);
    get(&[("if-match", "\"x\""), ("if-unmodified-since", AFTER)], PreconditionFailed);
}

#[test]
fn if_unmodified_since_counts_whole_seconds() {
    get(&[("if-unmodified-since", BEFORE)], PreconditionFailed);
    get(&[("if-unmodified-since", EXACT)], Send);
    get(&[("if-unmodified-since", AFTER)], Send);
    get(&[("if-unmodified-since", "rubbish")], Send);
    get(&[("if-unmodified-since", BEFORE), ("if-unmodified-since", BEFORE)], Send);
}

#[test]
fn if_none_match_is_weak_and_wins_over_if_modified_since() {
    for tag in ["\"a\"", "W/\"a\"", "*", "\"x\", W/\"a\""] {
        get(&[("if-none-match", tag)], NotModified);
        get(&[("if-none-match", tag), ("if-modified-since", BEFORE)], NotModified);
    }
    get(&[("if-none-match", "\"x\"")], Send);
    get(&[("if-none-match", "\"x\""), ("if-modified-since", EXACT)], Send);
    get(&[("if-none-match", "rubbish"), ("if-modified-since", EXACT)], Send);
}

#[test]
fn if_modified_since_counts_whole_seconds() {
    get(&[("if-modified-since", BEFORE)], Send);
    get(&[("if-modified-since", EXACT)], NotModified);
    get(&[("if-modified-since", AFTER)], NotModified);
    get(&[("if-modified-since", "rubbish")], Send);
    get(&[("if-modified-since", EXACT), ("if-modified-since", EXACT)], Send);
}

#[test]
fn a_failed_if_match_comes_before_a_304() {
    get(&[("if-match", "\"x\""), ("if-none-match", "\"a\"")], PreconditionFailed);
    get(&[("if-match", "\"a\""), ("if-none-match", "\"a\"")], NotModified);
    get(&[("if-unmodified-since", BEFORE), ("if-none-match", "\"a\"")], PreconditionFailed);
}

#[test]
fn if_range_is_strong_and_comes_last() {
    let range = ("range", "bytes=0-1");
    get(&[range, ("if-range", "\"a\"")], Send);
    get(&[range, ("if-range", "\"x\"")], SendWhole);
    get(&[range, ("if-range", "W/\"a\"")], SendWhole);
    get(&[range, ("if-range", "*")], SendWhole);
    get(&[range, ("if-range", "\"a\", \"b\"")], SendWhole);
    get(&[range, ("if-range", "rubbish")], SendWhole);
    get(&[range, ("if-range", EXACT)], Send);
    get(&[range, ("if-range", BEFORE)], SendWhole);
    get(&[range, ("if-range", AFTER)], SendWhole);
    get(&[range, ("if-range", "\"a\""), ("if-range", "\"a\"")], SendWhole);
    get(&[range, ("if-range", "\"x\""), ("if-none-match", "\"a\"")], NotModified);
    get(&[range, ("if-range", "\"a\""), ("if-match", "\"x\"")], PreconditionFailed);
    get(&[("if-range", "\"x\"")], Send);
}

#[test]
fn a_weak_tag_of_ours_never_allows_a_range() {
    let range = ("range", "bytes=0-1");
    for theirs in ["W/\"a\"", "\"a\""] {
        assert_eq!(decide_for(Some("W/\"a\""), &Method::GET, &[range, ("if-range", theirs)]), SendWhole);
        assert_eq!(decide_for(Some("W/\"a\""), &Method::GET, &[("if-match", theirs)]), PreconditionFailed);
        assert_eq!(decide_for(Some("W/\"a\""), &Method::GET, &[("if-none-match", theirs)]), NotModified);
    }
}

#[test]
fn an_object_without_a_tag_still_exists() {
    for (condition, expected) in [
        (("if-match", "*"), Send),
        (("if-match", "\"a\""), PreconditionFailed),
        (("if-none-match", "*"), NotModified),
        (("if-none-match", "\"a\""), Send),
    ] {
        assert_eq!(decide_for(None, &Method::GET, &[condition]), expected, "{condition:?}");
    }
}

#[test]
fn head_is_asked_as_get_but_has_no_ranges() {
    let head = |pairs: &[(&str, &str)]| decide_for(Some("\"a\""), &Method::HEAD, pairs);
    assert_eq!(head(&[("if-none-match", "\"a\"")]), NotModified);
    assert_eq!(head(&[("if-modified-since", EXACT)]), NotModified);
    assert_eq!(head(&[("range", "bytes=0-1"), ("if-range", "\"x\"")]), Send);
    let put = |pairs: &[(&str, &str)]| decide_for(Some("\"a\""), &Method::PUT, pairs);
    assert_eq!(put(&[("if-none-match", "*")]), PreconditionFailed);
    assert_eq!(put(&[("if-modified-since", EXACT)]), Send);
}

/// §13.2.2 once more, as the decision table it describes: each condition is absent, true or false.
fn by_the_table(conditions: [Option<bool>; 5]) -> Decision {
    match conditions {
        [Some(false), ..] | [None, Some(false), ..] => PreconditionFailed,
        [_, _, Some(false), ..] | [_, _, None, Some(false), _] => NotModified,
        [_, _, _, _, Some(false)] => SendWhole,
        _ => Send,
    }
}

#[test]
fn every_combination_follows_the_table() {
    let values: [(&str, &str, &str); 5] = [
        ("if-match", "\"a\"", "\"x\""),
        ("if-unmodified-since", EXACT, BEFORE),
        ("if-none-match", "\"x\"", "\"a\""),
        ("if-modified-since", BEFORE, EXACT),
        ("if-range", "\"a\"", "\"x\""),
    ];
    for number in 0..3usize.pow(5) {
        let mut pairs = vec![("range", "bytes=0-1")];
        let mut conditions = [None; 5];
        for (at, (name, holds, fails)) in values.iter().enumerate() {
            conditions[at] =
                [None, Some(true), Some(false)][number / 3usize.pow(u32::try_from(at).unwrap()) % 3];
            pairs.extend(conditions[at].map(|holding| (*name, if holding { *holds } else { *fails })));
        }
        get(&pairs, by_the_table(conditions));
    }
}

proptest! {
    #[test]
    fn any_bytes_come_to_a_decision(
        names in prop::collection::vec(0usize..6, 0..6),
        values in prop::collection::vec(prop::collection::vec(0x20u8.., 0..30), 6),
    ) {
        let all = [IF_MATCH, IF_UNMODIFIED_SINCE, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE];
        let mut headers = HeaderMap::new();
        for (name, value) in names.into_iter().zip(values) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(all[name].clone(), value);
            }
        }
        let etag = EntityTag::parse(b"\"a\"").unwrap();
        evaluate(&Method::GET, &headers, Validators { etag: Some(&etag), last_modified: None });
    }
}
