//! What a query means, and that it means the same when it is written out and read again.

use proptest::prelude::*;

use super::*;

fn clauses(query: &str) -> Vec<(bool, Wanted)> {
    let text = Text::parse(query).unwrap_or_else(|error| panic!("{query:?}: {error}"));
    text.clauses.into_iter().map(|clause| (clause.excluded, clause.wanted)).collect()
}

fn word(text: &str) -> Wanted {
    Wanted::Word(text.to_owned())
}

fn phrase(text: &str) -> Wanted {
    Wanted::Phrase(text.to_owned())
}

#[test]
fn each_sign_has_its_meaning() {
    assert_eq!(clauses("cold Milk"), [(false, word("cold")), (false, word("Milk"))]);
    assert_eq!(
        clauses("\"cold milk\" -warm -\"door bell\""),
        [(false, phrase("cold milk")), (true, word("warm")), (true, phrase("door bell"))]
    );
    assert_eq!(clauses("mlik~"), [(false, Wanted::Fuzzy("mlik".to_owned()))]);
    assert_eq!(clauses("-mil*"), [(true, Wanted::Prefix("mil".to_owned()))]);
    assert_eq!(clauses("\"-5 °C\""), [(false, phrase("-5 °C"))]);
    assert_eq!(clauses("„kalte Milch“"), [(false, phrase("kalte Milch"))]);
}

#[test]
fn everything_else_is_text() {
    for query in ["rating:>4", "(a", "a:b", "title:x^2", "AND", "/re.*x/", "mi*lk", "mi~lk", "{{x}}", "👍"]
    {
        assert_eq!(clauses(query), [(false, word(query))], "{query}");
    }
    assert_eq!(clauses("a\"b\"c"), [(false, word("a")), (false, phrase("b")), (false, word("c"))]);
    assert_eq!(clauses("a\0b\u{1b}c"), clauses("a b c"));
    assert_eq!(clauses("--a"), [(true, word("-a"))]);
}

#[test]
fn a_query_may_be_sent_while_it_is_typed() {
    assert_eq!(clauses("\"cold mil"), [(false, phrase("cold mil"))]);
    for query in ["", " ", "-", "\"", "-\"", "\"\"", "~", "*", "- -", "?!", "-*", "\" \t\"", "**"] {
        assert_eq!(clauses(query), [], "{query:?}");
    }
}

#[test]
fn what_would_cost_too_much_is_refused_by_name() {
    for (query, reason) in [
        ("a *lk", "`*lk` begins with a wildcard: a `*` may only end a word"),
        ("-*lk*", "`*lk*` begins with a wildcard: a `*` may only end a word"),
        ("m*", "`m*` needs 2 characters before its wildcard"),
        ("m--**", "`m--**` needs 2 characters before its wildcard"),
    ] {
        assert_eq!(Text::parse(query).expect_err(query).to_string(), reason);
    }
}

#[test]
fn the_limits_are_part_of_what_is_allowed() {
    let words = |count: usize| vec!["ab"; count].join(" ");
    assert_eq!(clauses(&words(CLAUSES_MAX)).len(), CLAUSES_MAX);
    assert_eq!(Text::parse(&words(CLAUSES_MAX + 1)), Err(InvalidText::TooManyClauses));
    assert_eq!(clauses(&"ü".repeat(QUERY_MAX)).len(), 1);
    assert_eq!(Text::parse(&"ü".repeat(QUERY_MAX + 1)), Err(InvalidText::TooLong));
}

/// Queries of few characters that mean something, and of any.
fn query() -> impl Strategy<Value = String> {
    let signs =
        prop::sample::select(vec!['"', '-', '~', '*', ' ', 'a', 'b', 'é', '“', '\t', '\0', '.', '漢']);
    prop_oneof![prop::collection::vec(signs, 0..40).prop_map(String::from_iter), "\\PC{0,60}", ".{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_out_is_read_as_the_same(query in query()) {
        if let Ok(text) = Text::parse(&query) {
            prop_assert!(text.clauses.len() <= CLAUSES_MAX);
            prop_assert_eq!(Text::parse(&text.to_string()), Ok(text));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(query in any::<String>()) {
        let _ = Text::parse(&query);
    }
}
