use proptest::prelude::*;

use super::*;

fn tag(text: &str) -> EntityTag {
    EntityTag::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is a tag"))
}

fn line(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap()
}

fn found(current: &str, lines: &[&str], comparison: Comparison) -> bool {
    let lines: Vec<_> = lines.iter().map(|text| line(text)).collect();
    tag(current).matches_any(&lines, comparison)
}

#[test]
fn the_table_of_rfc_9110_8_8_3_2() {
    for (one, two, strong, weak) in [
        ("W/\"1\"", "W/\"1\"", false, true),
        ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true),
        ("\"1\"", "\"1\"", true, true),
    ] {
        assert_eq!(tag(one).matches(&tag(two), Comparison::Strong), strong, "{one} {two}");
        assert_eq!(tag(one).matches(&tag(two), Comparison::Weak), weak, "{one} {two}");
    }
}

#[test]
fn what_is_a_tag() {
    for text in ["\"\"", "\"a,b\"", "W/\"\"", "\"d41d8cd98f00b204e9800998ecf8427e-7\"", "\"é\"", " \"a\" "] {
        assert_eq!(tag(text).header().as_bytes(), text.trim().as_bytes());
    }
    for text in [
        "",
        "*",
        "a",
        "\"",
        "\"a",
        "a\"",
        "w/\"a\"",
        "W/a",
        "W/ \"a\"",
        "\"a\"b",
        "\"a b\"",
        "\"a\",\"b\"",
        "\"\u{7f}\"",
    ] {
        assert_eq!(EntityTag::parse(text.as_bytes()), None, "{text:?}");
    }
    assert!(tag("W/\"a\"").is_weak());
    assert!(!tag("\"W/a\"").is_weak());
}

#[test]
fn a_multipart_tag_is_opaque_and_strong() {
    let multipart = tag("\"9bb58f26192e4ba00f01e2e7b136bbd8-7\"");
    assert!(!multipart.is_weak());
    assert!(multipart.matches(&multipart, Comparison::Strong));
    assert!(!multipart.matches(&tag("\"9bb58f26192e4ba00f01e2e7b136bbd8\""), Comparison::Weak));
}

#[test]
fn a_store_may_leave_the_quotes_out() {
    assert_eq!(EntityTag::from_store("\"a-7\""), Some(tag("\"a-7\"")));
    assert_eq!(EntityTag::from_store("a-7"), Some(tag("\"a-7\"")));
    assert_eq!(EntityTag::from_store("W/\"a\""), Some(tag("W/\"a\"")));
    for garbage in ["", " ", "\"a", "a b", "a\"b", "a\r\nb"] {
        assert_eq!(EntityTag::from_store(garbage), None, "{garbage:?}");
    }
}

#[test]
fn each_coding_has_its_own() {
    let identity = tag("\"a\"");
    assert_eq!(identity.in_coding(Coding::Identity), identity);
    assert_eq!(identity.in_coding(Coding::Brotli), tag("\"a-br\""));
    assert_eq!(identity.in_coding(Coding::Zstd), tag("\"a-zstd\""));
    assert_eq!(tag("W/\"a\"").in_coding(Coding::Gzip), tag("W/\"a-gzip\""));
    assert_eq!(identity.weakened(), tag("W/\"a\""));
    assert_eq!(identity.weakened().weakened(), tag("W/\"a\""));
}

#[test]
fn lists() {
    use Comparison::{Strong, Weak};
    assert!(found("\"b\"", &["\"a\", \"b\""], Strong));
    assert!(found("\"b\"", &["\"a\",\"b\",\"c\""], Strong));
    assert!(found("\"b\"", &["\"a\"", "W/\"b\""], Weak), "over several lines");
    assert!(!found("\"b\"", &["\"a\"", "W/\"b\""], Strong));
    assert!(found("\"b\"", &[", ,\t\"b\" ,"], Strong));
    assert!(found("\"a,b\"", &["\"x\", \"a,b\""], Strong), "a comma inside a tag is part of it");
    assert!(!found("\"a\"", &["\"a,b\""], Weak));
    assert!(found("\"b\"", &[" * "], Strong));
    assert!(found("W/\"b\"", &["*"], Strong), "whatever exists matches a star");
    assert!(!found("\"b\"", &["\"a\", *"], Weak), "a star is no member of a list");
    assert!(!found("\"b\"", &[], Weak));
    assert!(!found("\"b\"", &[""], Weak));
}

#[test]
fn a_list_is_read_up_to_what_is_malformed() {
    assert!(found("\"a\"", &["\"a\", rubbish, \"b\""], Comparison::Weak));
    assert!(!found("\"b\"", &["\"a\", rubbish, \"b\""], Comparison::Weak));
    assert!(!found("\"b\"", &["\"a\" \"b\""], Comparison::Weak));
    assert!(!found("\"b\"", &["b"], Comparison::Weak));
}

proptest! {
    #[test]
    fn any_bytes_are_a_tag_or_none(text in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(tag) = EntityTag::parse(&text) {
            prop_assert_eq!(EntityTag::parse(tag.header().as_bytes()), Some(tag.clone()));
            prop_assert!(tag.matches(&tag, Comparison::Weak));
            prop_assert_eq!(tag.matches(&tag, Comparison::Strong), !tag.is_weak());
        }
    }

    #[test]
    fn a_tag_is_found_wherever_it_stands(
        before in prop::collection::vec("(W/)?\"[!#-~]{0,6}\"", 0..5),
        wanted in "\"[!#-~]{0,6}\"",
        after in "[ -~]{0,20}",
    ) {
        let text = [before.join(", "), wanted.clone(), after].join(" , ");
        prop_assert!(found(&wanted, &[&text], Comparison::Strong));
    }

    #[test]
    fn strong_implies_weak(one in "(W/)?\"[ab]{0,2}\"", two in "(W/)?\"[ab]{0,2}\"") {
        let (one, two) = (tag(&one), tag(&two));
        prop_assert!(!one.matches(&two, Comparison::Strong) || one.matches(&two, Comparison::Weak));
        prop_assert_eq!(one.matches(&two, Comparison::Weak), two.matches(&one, Comparison::Weak));
    }

    #[test]
    fn codings_never_share_a_tag(text in "(W/)?\"[!#-~]{0,8}\"") {
        let identity = tag(&text);
        let all = [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd];
        for (at, one) in all.iter().enumerate() {
            for two in &all[at + 1..] {
                prop_assert!(!identity.in_coding(*one).matches(&identity.in_coding(*two), Comparison::Weak));
            }
        }
    }
}
