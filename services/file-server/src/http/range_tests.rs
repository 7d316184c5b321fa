use proptest::prelude::*;

use super::{Selection::*, *};

fn selected(text: &str, size: u64) -> Selection {
    select(&HeaderMap::from_iter([(RANGE, HeaderValue::from_str(text).unwrap())]), size)
}

fn range(first: u64, last: u64) -> ByteRange {
    ByteRange { first, last }
}

fn one(first: u64, last: u64) -> Selection {
    One(range(first, last))
}

#[test]
fn one_range() {
    for (text, expected) in [
        ("bytes=0-0", one(0, 0)),
        ("bytes=0-499", one(0, 499)),
        ("bytes=500-", one(500, 999)),
        ("bytes=-500", one(500, 999)),
        ("bytes=999-", one(999, 999)),
        ("bytes=0-999", one(0, 999)),
        ("bytes=0-", one(0, 999)),
        ("bytes=900-2000", one(900, 999)),
        ("bytes=-1000", one(0, 999)),
        ("bytes=-1001", one(0, 999)),
        ("BYTES = , 1-2 ,", one(1, 2)),
        ("bytes=007-8", one(7, 8)),
    ] {
        assert_eq!(selected(text, 1000), expected, "{text}");
    }
    assert_eq!(select(&HeaderMap::new(), 1000), Whole);
}

#[test]
fn beyond_the_end() {
    for text in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=2000-,-0"] {
        assert_eq!(selected(text, 1000), Unsatisfiable, "{text}");
    }
    assert_eq!(selected("bytes=2000-,0-0", 1000), one(0, 0));
    assert_eq!(unsatisfied(1000), "bytes */1000");
    assert_eq!(range(0, 9).content_range(10), "bytes 0-9/10");
}

#[test]
fn an_empty_object_has_no_first_byte() {
    assert_eq!(selected("bytes=0-", 0), Unsatisfiable);
    assert_eq!(selected("bytes=0-0", 0), Unsatisfiable);
    assert_eq!(selected("bytes=-0", 0), Unsatisfiable);
    assert_eq!(selected("bytes=-5", 0), Whole);
    assert_eq!(selected("bytes=0-,-5", 0), Whole);
}

#[test]
fn what_is_not_understood_is_ignored() {
    for text in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=2-1",
        "bytes=0-1,2-1",
        "bytes=0-1,x",
        "bytes=1 - 2",
        "bytes=+1-2",
        "bytes=0x1-2",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=1.0-2",
        "items=0-1",
        "seconds=0-1",
        "=0-1",
    ] {
        assert_eq!(selected(text, 1000), Whole, "{text}");
    }
    let twice = ["bytes=0-1", "bytes=2-3"].map(|text| (RANGE, HeaderValue::from_static(text)));
    assert_eq!(select(&HeaderMap::from_iter(twice), 1000), Whole);
}

#[test]
fn numbers_do_not_overflow() {
    let huge = "99999999999999999999999999";
    assert_eq!(selected(&format!("bytes=0-{huge}"), 1000), one(0, 999));
    assert_eq!(selected(&format!("bytes={huge}-"), 1000), Unsatisfiable);
    assert_eq!(selected(&format!("bytes={huge}-{huge}"), 1000), Unsatisfiable);
    assert_eq!(selected(&format!("bytes=-{huge}"), 1000), one(0, 999));
    assert_eq!(selected(&format!("bytes=0-{}", u64::MAX), u64::MAX), one(0, u64::MAX - 1));
    assert_eq!(one(0, u64::MAX - 1), selected("bytes=0-,-1", u64::MAX));
}

#[test]
fn several_ranges_keep_the_order_of_the_request() {
    let far = |text: &str| selected(text, 1_000_000);
    assert_eq!(far("bytes=0-9,5000-5009"), Several(vec![range(0, 9), range(5000, 5009)]));
    assert_eq!(far("bytes=5000-5009,0-9"), Several(vec![range(5000, 5009), range(0, 9)]));
    assert_eq!(far("bytes=-10,0-9"), Several(vec![range(999_990, 999_999), range(0, 9)]));
    assert_eq!(
        far("bytes=9000-9009,0-9,9010-9019"),
        Several(vec![range(9000, 9019), range(0, 9)]),
        "a joined range stands where its first stood"
    );
}

#[test]
fn what_overlaps_or_is_close_becomes_one() {
    let far = |text: &str| selected(text, 1_000_000);
    assert_eq!(far("bytes=0-9,10-19"), one(0, 19));
    assert_eq!(far("bytes=0-9,5-14,0-0"), one(0, 14));
    assert_eq!(far("bytes=0-,0-,0-"), one(0, 999_999));
    assert_eq!(far("bytes=0-9,100-109"), one(0, 109));
    assert_eq!(far(&format!("bytes=0-9,{}-", 9 + GAP)), one(0, 999_999));
    assert_eq!(
        far(&format!("bytes=0-9,{}-", 10 + GAP)),
        Several(vec![range(0, 9), range(10 + GAP, 999_999)])
    );
}

#[test]
fn too_many_ranges_are_answered_with_everything_once() {
    let many = |count: usize| {
        let specs: Vec<_> = (0..count).map(|at| format!("{}-{}", at * 1000, at * 1000)).collect();
        selected(&format!("bytes={}", specs.join(",")), 1_000_000)
    };
    assert!(matches!(many(PARTS_MAX), Several(ranges) if ranges.len() == PARTS_MAX));
    assert_eq!(many(PARTS_MAX + 1), Whole);
    assert_eq!(many(SPECS_MAX + 1), Whole);
    // Many that become one are one.
    assert_eq!(selected(&format!("bytes={}", vec!["0-"; SPECS_MAX].join(",")), 1000), one(0, 999));
    assert_eq!(selected(&format!("bytes={}", vec!["0-"; SPECS_MAX + 1].join(",")), 1000), Whole);
}

proptest! {
    #[test]
    fn all_that_is_asked_is_sent_and_nothing_twice(
        specs in prop::collection::vec((0u64..4000, 0u64..600), 1..12),
        size in 1u64..3000,
    ) {
        let text: Vec<_> = specs.iter().map(|(first, more)| format!("{first}-{}", first + more)).collect();
        let asked = |at: u64| specs.iter().any(|(first, more)| (*first..=first + more).contains(&at));
        let ranges = match selected(&format!("bytes={}", text.join(",")), size) {
            Whole => vec![range(0, size - 1)],
            One(range) => vec![range],
            Several(ranges) => ranges,
            Unsatisfiable => vec![],
        };
        prop_assert!(ranges.iter().all(|range| range.last < size));
        for at in 0..size {
            let sent = ranges.iter().filter(|range| (range.first..=range.last).contains(&at)).count();
            prop_assert!(sent <= 1, "byte {} is sent {} times", at, sent);
            prop_assert!(sent == 1 || !asked(at), "byte {} is missing", at);
        }
    }

    #[test]
    fn any_text_selects_something(text in "(bytes=)?[-0-9, a]{0,60}", size: u64) {
        match selected(&text, size) {
            One(range) => prop_assert!(range.first <= range.last && range.last < size),
            Several(ranges) => {
                prop_assert!((2..=PARTS_MAX).contains(&ranges.len()));
                let mut sorted = ranges.clone();
                sorted.sort_by_key(|range| range.first);
                prop_assert!(sorted.windows(2).all(|two| two[0].last < two[1].first));
                prop_assert!(sorted.iter().all(|range| range.last < size));
            }
            Whole | Unsatisfiable => {}
        }
    }

    #[test]
    fn any_bytes_select_something(bytes in prop::collection::vec(0x20u8.., 0..60), size: u64) {
        if let Ok(line) = HeaderValue::from_bytes(&bytes) {
            select(&HeaderMap::from_iter([(RANGE, line)]), size);
        }
    }
}
