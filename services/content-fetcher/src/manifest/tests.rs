use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn parse(text: &str) -> Result<Manifest, ManifestError> {
    Manifest::parse(text.as_bytes(), Path::new("/etc/fetch"))
}

fn faults(text: &str) -> Vec<String> {
    match parse(text) {
        Err(ManifestError::Items(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("expected faults of items, got {other:?}"),
    }
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = format!(
        "items:\n  - url: https://example.org/a?sig=x\n    key: a/b.html\n    sha256: {HASH}\n    \
         content-type: text/html; charset=utf-8\n    cache-control: max-age=60\n    headers-from: token\n  \
         - {{url: 'http://example.org/b', key: b, headers-from: /run/secrets/b}}\n"
    );
    let json = format!(
        r#"{{"items": [{{"url": "https://example.org/a?sig=x", "key": "a/b.html", "sha256": "{HASH}",
            "content-type": "text/html; charset=utf-8", "cache-control": "max-age=60", "headers-from": "token"}},
            {{"url": "http://example.org/b", "key": "b", "headers-from": "/run/secrets/b"}}]}}"#
    );
    let manifest = parse(&yaml).expect("sound");
    assert_eq!(parse(&json), Ok(manifest.clone()));
    let [first, second] = manifest.items() else { panic!("two items: {manifest:?}") };
    assert_eq!(first.key.as_str(), "a/b.html");
    assert_eq!(first.sha256, HASH.parse().ok());
    assert_eq!(first.headers_from.as_deref(), Some(Path::new("/etc/fetch/token")));
    assert_eq!(second.headers_from.as_deref(), Some(Path::new("/run/secrets/b")));
    assert_eq!((second.sha256, second.content_type.as_ref()), (None, None));
}

#[test]
fn every_fault_is_told_with_its_item_and_field() {
    let found = faults(&format!(
        "items:\n\
         - {{url: 'https://user:hunter2@example.org/', key: ../etc}}\n\
         - {{key: b, sha256: 12, cache-control: \"a\\nb\", colour: red}}\n\
         - {{url: 'ftp://hunter2/', key: c, sha256: {}, url: 'http://example.org/'}}\n",
        &HASH[1..]
    ));
    let expected = [
        r#"items[0] ("../etc") url: must not hold a user or a password"#,
        r#"items[0] ("../etc") key: must be segments"#,
        r#"items[1] ("b") url: must be set"#,
        r#"items[1] ("b") sha256: must be text, not a number: put it in quotes"#,
        r#"items[1] ("b") cache-control: must be 1 to 512 characters"#,
        r#"items[1] ("b") colour: is no field: there are url, key, sha256"#,
        r#"items[2] ("c") url: must begin with http:// or https://"#,
        r#"items[2] ("c") sha256: is not a SHA-256"#,
        r#"items[2] ("c") url: is there twice"#,
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
        assert!(!found.contains("hunter2"), "{found}");
    }
}

#[test]
fn a_key_belongs_to_one_item() {
    let item = |key: &str| format!("- {{url: 'http://example.org/', key: {key}}}\n");
    let text = format!("items:\n{}{}{}{}", item("a"), item("b"), item("a"), item("a"));
    assert_eq!(
        faults(&text),
        [
            r#"items[2] ("a") key: is the key of items[0] as well"#,
            r#"items[3] ("a") key: is the key of items[0] as well"#,
        ]
    );
}

#[test]
fn what_is_no_manifest_is_refused_with_its_place() {
    for (text, reason) in [
        ("", "items"),
        ("items: 3", "sequence"),
        ("items: [3]", "an item"),
        ("- a", "struct Shape"),
        ("{\"items\": [", "EOF"),
        ("{\"items\": [], \"more\": 1}", "unknown field `more`"),
        ("items: [\n", "line"),
        ("a: &a [*a]", "unknown field"),
    ] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.starts_with("is not a manifest: ") && error.contains(reason), "{text:?}: {error}");
    }
    assert!(matches!(Manifest::parse(b"\xff\xfe", Path::new("")), Err(ManifestError::Shape(_))));
}

#[test]
fn an_empty_list_is_a_manifest() {
    assert_eq!(parse("items: []"), Ok(Manifest::default()));
    assert_eq!(parse("\u{feff}{\"items\": []}"), Ok(Manifest::default()));
}

#[test]
fn size_and_number_are_bounded() {
    assert_eq!(parse(&" ".repeat(MANIFEST_MAX + 1)), Err(ManifestError::TooLong));
    let text = format!("{{\"items\":[{}]}}", vec!["{}"; ITEMS_MAX + 1].join(","));
    assert_eq!(parse(&text), Err(ManifestError::TooMany(ITEMS_MAX + 1)));
    let text = format!("{{\"items\":[{}]}}", vec!["{}"; 100].join(","));
    let error = parse(&text).expect_err("faults").to_string();
    assert!(error.starts_with("200 fields are wrong") && error.ends_with("and 180 more"), "{error}");
}

#[test]
fn aliases_and_nesting_cannot_grow_without_end() {
    let mut bomb = String::from("a0: &a0 [x]\n");
    for level in 1..40 {
        let before = level - 1;
        let _ = writeln!(bomb, "a{level}: &a{level} [*a{before},*a{before},*a{before},*a{before}]");
    }
    bomb.push_str("items: [{url: *a39}]\n");
    assert!(parse(&bomb).is_err());
    assert!(parse(&format!("items: {}{}", "[".repeat(5_000), "]".repeat(5_000))).is_err());
    assert!(parse(&format!("{{\"items\": {}{}}}", "[".repeat(5_000), "]".repeat(5_000))).is_err());
}

proptest! {
    #[test]
    fn any_text_is_a_manifest_or_an_error(text in any::<Vec<u8>>()) {
        let _ = Manifest::parse(&text, Path::new("")).map_err(|error| error.to_string());
    }

    #[test]
    fn any_values_are_items_or_faults(url in ".*", key in ".*", hash in "[0-9a-fA-F]{60,70}") {
        let item = serde_json::json!({"items": [{"url": url, "key": key, "sha256": hash}]});
        match parse(&item.to_string()) {
            Ok(manifest) => prop_assert_eq!(manifest.items()[0].key.as_str(), key.as_str()),
            Err(error) => prop_assert!(error.to_string().contains("items[0]")),
        }
    }
}
