//! What is a review and what is not, field by field.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn rules() -> Rules<'static> {
    let now = "2026-11-21T12:00:00Z".parse().expect("a time");
    Rules { now, lenient: false, key: None }
}

fn whole() -> Value {
    json!({
        "id": "r-1", "delivery_id": "d-1", "text": "Milk was warm", "rating": 2, "language": "en",
        "written_at": "2026-11-21T10:00:00Z", "hub": "Berlin-Mitte", "tour": "T7", "tags": ["cold-chain", "milk"],
    })
}

/// The whole review with `field` set to `value`.
fn with(field: &str, value: Value) -> Vec<u8> {
    let mut review = whole();
    review[field] = value;
    review.to_string().into_bytes()
}

fn without(field: &str) -> Vec<u8> {
    let mut review = whole();
    review.as_object_mut().expect("an object").remove(field);
    review.to_string().into_bytes()
}

fn read(json: &[u8]) -> Review {
    parse(json, rules()).unwrap_or_else(|rejection| panic!("{rejection:?}"))
}

/// The faulty fields of what must not be a review.
fn faulty(json: &[u8]) -> Vec<String> {
    let rejection = parse(json, rules()).expect_err("it has faults");
    rejection.faults.into_iter().map(|fault| fault.field).collect()
}

#[test]
fn a_whole_review_is_read_as_it_is() {
    let review = read(whole().to_string().as_bytes());
    assert_eq!(serde_json::to_value(&review).expect("JSON"), whole());
}

#[test]
fn optional_fields_may_be_missing_or_null() {
    for field in ["id", "rating", "language", "hub", "tour", "tags"] {
        assert_eq!(read(&without(field)), read(&with(field, Value::Null)), "{field}");
    }
    for field in ["delivery_id", "text", "written_at"] {
        assert_eq!(faulty(&without(field)), [field]);
        assert_eq!(faulty(&with(field, Value::Null)), [field]);
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let json =
        br#"{"id":"a b","delivery_id":"","text":" \n ","rating":"5","language":"DE","written_at":"today",
        "hub":7,"tour":true,"tags":["x","",{}],"colour":"red","text":"again"}"#;
    let mut faults = faulty(json);
    faults.sort();
    let mut expected = [
        "id",
        "delivery_id",
        "text",
        "text",
        "rating",
        "language",
        "written_at",
        "hub",
        "tour",
        "tags[1]",
        "tags[2]",
        "colour",
    ];
    expected.sort_unstable();
    assert_eq!(faults, expected);
}

#[test]
fn a_rating_is_an_integer_from_1_to_5() {
    for rating in ["1", "5", "5.0", "5e0"] {
        let json = whole().to_string().replace("\"rating\":2", &format!("\"rating\":{rating}"));
        assert!(read(json.as_bytes()).rating.is_some(), "{rating}");
    }
    for rating in
        ["0", "6", "-1", "-0", "5.5", "1e9", "1e300", "18446744073709551617", "\"5\"", "[5]", "{}", "true"]
    {
        let json = whole().to_string().replace("\"rating\":2", &format!("\"rating\":{rating}"));
        assert_eq!(faulty(json.as_bytes()), ["rating"], "{rating}");
    }
}

#[test]
fn lengths_are_of_characters() {
    for (field, most) in
        [("text", TEXT_MAX), ("delivery_id", NAME_MAX), ("hub", NAME_MAX), ("tour", NAME_MAX)]
    {
        for character in ["x", "ü", "牛", "👍"] {
            read(&with(field, json!(character.repeat(most))));
            assert_eq!(faulty(&with(field, json!(character.repeat(most + 1)))), [field], "{character}");
        }
        assert_eq!(faulty(&with(field, json!(""))), [field]);
    }
    read(&with("tags", json!(["牛".repeat(TAG_MAX)])));
    assert_eq!(faulty(&with("tags", json!(["x".repeat(TAG_MAX + 1)]))), ["tags[0]"]);
    let tags: Vec<_> = (0..=TAGS_MAX).map(|tag| tag.to_string()).collect();
    read(&with("tags", json!(tags[1..])));
    assert_eq!(faulty(&with("tags", json!(tags))), ["tags"]);
}

#[test]
fn a_tag_given_twice_is_there_once() {
    assert_eq!(read(&with("tags", json!(["b", "a", "b"]))).tags, ["b", "a"]);
}

#[test]
fn a_region_is_dropped_from_a_language() {
    for (given, kept) in
        [("de", "de"), ("de-AT", "de"), ("gsw-CH", "gsw"), ("zh-Hant-TW", "zh"), ("es-419", "es")]
    {
        assert_eq!(read(&with("language", json!(given))).language.as_deref(), Some(kept));
    }
    for code in ["", "d", "DE", "de_AT", "de-", "de-A!", "germ", "d1", "-AT", "de--AT"] {
        assert_eq!(faulty(&with("language", json!(code))), ["language"], "{code}");
    }
}

#[test]
fn a_language_is_told_where_none_is_given() {
    let json = br#"{"delivery_id":"d","written_at":"2026-11-21T10:00:00Z",
        "text":"Die Milch war warm und der Fahrer sehr unfreundlich, das geht so nicht."}"#;
    assert_eq!(read(json).language.as_deref(), Some("de"));
}

#[test]
fn nul_is_refused_anywhere() {
    for field in ["id", "delivery_id", "text", "language", "written_at", "hub", "tour"] {
        assert_eq!(faulty(&with(field, json!("a\0b"))), [field]);
    }
    assert_eq!(faulty(&with("tags", json!(["a\0b"]))), ["tags[0]"]);
    assert_eq!(faulty(b"{\"text\":\"a\0b\"}"), [""], "raw, it is not even JSON");
}

#[test]
fn what_is_not_one_object_of_utf_8_is_said_to_be_so() {
    for json in [
        &b""[..],
        b"{",
        b"[]",
        b"\"text\"",
        b"{} {}",
        b"{\"text\":\"\xff\"}",
        b"{\"text\":\"\\ud800\"}",
        b"nul",
        b"{\"a\":1,}",
        b"{'text':1}",
        b"\xef\xbb\xbf{}",
        b"{\"text\":1e999}",
    ] {
        let rejection = parse(json, rules()).expect_err("not an object");
        let last = rejection.faults.last().expect("a fault");
        assert_eq!(last.field, "", "{}", String::from_utf8_lossy(json));
        assert!(!rejection.faults.iter().any(|fault| fault.reason == "is required"));
    }
    let long = format!("\"{}\"", "x".repeat(100_000));
    let faults = parse(long.as_bytes(), rules()).expect_err("a string").faults;
    assert!(faults[0].reason.len() < 100, "nobody wants all of it back");
}

#[test]
fn a_fault_before_the_json_breaks_is_told_too() {
    assert_eq!(faulty(br#"{"rating":9,"colour":1,"text":"#), ["colour", "", "rating"]);
}

#[test]
fn depth_is_no_bomb() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = 100_000;
        let value = format!("{}1{}", open.repeat(deep), close.repeat(deep));
        for field in ["tags", "text", "colour"] {
            let json = format!("{{\"{field}\":{value}}}");
            assert!(parse(json.as_bytes(), rules()).is_err());
        }
    }
}

#[test]
fn many_faults_are_counted_and_long_names_cut() {
    let members: Vec<_> = (0..1_000).map(|index| format!("\"{}{index}\":1", "x".repeat(200))).collect();
    let rejection = parse(format!("{{{}}}", members.join(",")).as_bytes(), rules()).expect_err("unknown");
    assert_eq!(rejection.faults.len(), FAULTS_MAX + 1);
    assert_eq!(rejection.faults[0].field.len(), NAME_SHOWN);
    assert_eq!(
        rejection.faults[FAULTS_MAX].reason, "has 939 more faults",
        "three required fields among them"
    );
}

#[test]
fn a_lenient_caller_may_send_more_but_not_twice() {
    let lenient = Rules { lenient: true, ..rules() };
    let more = with("colour", json!({"red": [1, null]}));
    assert_eq!(parse(&more, lenient), parse(whole().to_string().as_bytes(), rules()));
    let twice = whole().to_string().replace("\"rating\":2", "\"rating\":2,\"rating\":2");
    assert!(parse(twice.as_bytes(), lenient).is_err());
}

#[test]
fn an_id_is_the_clients_or_the_keys_or_the_contents() {
    let keyed = Rules { key: Some("k-1"), ..rules() };
    let own = parse(whole().to_string().as_bytes(), keyed).expect("sound");
    assert_eq!(own.id.as_str(), "r-1");
    let by_key = parse(&without("id"), keyed).expect("sound");
    assert_eq!(by_key.id, ReviewId::of_key("k-1"));
    let by_content = read(&without("id"));
    assert_eq!(by_content.id, ReviewId::of_content("d-1", by_content.written_at, "Milk was warm"));
    for key in ["", "a\tb", "ü", &"x".repeat(KEY_MAX + 1)] {
        let rejection = parse(&without("id"), Rules { key: Some(key), ..rules() }).expect_err("no key");
        assert_eq!(rejection.faults[0].field, "Idempotency-Key");
    }
}

#[test]
fn a_rejection_names_the_review_where_it_can() {
    assert_eq!(parse(&with("rating", json!(9)), rules()).expect_err("9").id.expect("sound").as_str(), "r-1");
    assert_eq!(parse(&with("id", json!("a b")), rules()).expect_err("a blank").id, None);
}

/// Any JSON value, small.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u64..8).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!("2026-11-20T10:00:00.123+02:00")),
        "[a-z]{1,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), lenient: bool) {
        let _ = parse(&bytes, Rules { lenient, ..rules() });
    }

    #[test]
    fn a_broken_review_is_no_panic(cut in 0_usize..260, byte: u8, at in 0_usize..260) {
        let mut json = whole().to_string().into_bytes();
        json.truncate(cut);
        if let Some(place) = json.get_mut(at) {
            *place = byte;
        }
        let _ = parse(&json, rules());
    }

    #[test]
    fn what_is_read_is_read_again_the_same(
        values in prop::collection::vec((0_usize..FIELDS_AND_MORE.len(), any_value()), 0..6),
        key in prop::option::of("[ -~]{1,20}"),
    ) {
        let mut json = whole();
        for (field, value) in values {
            json[FIELDS_AND_MORE[field]] = value;
        }
        let rules = Rules { key: key.as_deref(), ..rules() };
        match parse(json.to_string().as_bytes(), rules) {
            Ok(review) => {
                let written = serde_json::to_vec(&review).expect("JSON");
                prop_assert_eq!(parse(&written, rules), Ok(review));
            }
            Err(rejection) => prop_assert!(!rejection.faults.is_empty()),
        }
    }
}

const FIELDS_AND_MORE: [&str; 10] =
    ["id", "delivery_id", "text", "rating", "language", "written_at", "hub", "tour", "tags", "colour"];
