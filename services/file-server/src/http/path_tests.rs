use proptest::prelude::*;

use super::*;

fn key(raw: &str) -> String {
    ObjectPath::parse(raw).unwrap_or_else(|error| panic!("{raw}: {error}")).key().to_owned()
}

#[track_caller]
fn refused(raw: &str, why: PathError) {
    assert_eq!(ObjectPath::parse(raw), Err(why), "{raw}");
}

#[test]
fn a_path_is_decoded_exactly_once() {
    assert_eq!(key("/"), "");
    assert_eq!(key("/a/b.txt"), "a/b.txt");
    assert_eq!(key("/a+b%2Bc"), "a+b+c");
    assert_eq!(key("/100%25"), "100%");
    assert_eq!(key("/%2541"), "%41");
    assert_eq!(key("/a%2Fb"), "a/b");
    assert_eq!(key("/%2e%77ell-known/x").as_str(), ".well-known/x");
    assert_eq!(key("/%E2%9C%93/ü"), "✓/ü");
    assert_eq!(key("/a%0Ab%20c"), "a\nb c");
    assert_eq!(key("/%3Fq%23f"), "?q#f");
}

#[test]
fn bad_bytes_are_refused() {
    for raw in ["/%", "/%2", "/%zz", "/a%2", "/%+1", "/%-1", "/%%20", "/%2G", "/%é0"] {
        refused(raw, PathError::BadPercent);
    }
    for raw in ["/%FF", "/%C0%AF", "/%ED%A0%80", "/a%E2%9C", "/%F8%88%80%80%80"] {
        refused(raw, PathError::NotUtf8);
    }
    refused("/a%00", PathError::Nul);
    refused("/a%00/../b", PathError::Nul);
    for raw in ["", "*", "a", "http://host/", "\\a", "%2Fa"] {
        refused(raw, PathError::NotAbsolute);
    }
}

#[test]
fn dot_segments_are_refused_however_they_are_written() {
    for raw in [
        "/.",
        "/..",
        "/../etc/passwd",
        "/a/../b",
        "/a/./b",
        "/a/..",
        "/%2e%2e/a",
        "/.%2E/a",
        "/a%2F..%2Fb",
        "/..%5c..%5cwindows",
        "/a\\..\\b",
        "/.well-known/../.env",
        "//..",
    ] {
        refused(raw, PathError::DotSegment);
    }
    assert_eq!(key("/a..b/c.."), "a..b/c..");
    // Decoded once, this is a file name that happens to hold percent signs, not a parent folder.
    assert_eq!(key("/%252e%252e/a"), "%2e%2e/a");
}

#[test]
fn dotfiles_are_hidden_but_well_known_is_not() {
    for raw in [
        "/.env",
        "/a/.git/config",
        "/%2egit/HEAD",
        "/...",
        "/a\\.env",
        "/.well-known/.htpasswd",
        "/.well-knownx",
        // RFC 8615 defines it at the root only.
        "/a/.well-known/x",
    ] {
        assert!(matches!(ObjectPath::parse(raw), Err(PathError::Hidden(_))), "{raw}");
    }
    for raw in ["/.well-known", "/.well-known/", "/.well-known/security.txt"] {
        assert_eq!(key(raw), raw[1..]);
    }
}

#[test]
fn a_key_is_as_long_as_s3_takes_it() {
    assert_eq!(key(&format!("/{}", "a".repeat(KEY_MAX))).len(), KEY_MAX);
    refused(&format!("/{}", "a".repeat(KEY_MAX + 1)), PathError::TooLong);
    // The bound is on decoded bytes: a key of three-byte letters is written in nine.
    assert_eq!(key(&format!("/{}", "%E2%9C%93".repeat(341))).len(), 1023);
    refused(&format!("/{}", "%E2%9C%93".repeat(342)), PathError::TooLong);
}

#[test]
fn keys_are_not_folded() {
    assert_eq!(key("//evil.example/a"), "/evil.example/a");
    assert_eq!(key("/a//b"), "a//b");
    assert_eq!(key("/a%5Cb"), "a\\b");
}

#[test]
fn folders_and_what_lies_in_them() {
    for (raw, folder, index) in [
        ("/", true, "index.html"),
        ("/a/", true, "a/index.html"),
        ("/a", false, "a/index.html"),
        ("/a/b%2F", true, "a/b/index.html"),
    ] {
        let path = ObjectPath::parse(raw).unwrap();
        assert_eq!(path.is_folder(), folder, "{raw}");
        assert_eq!(path.child("index.html"), index, "{raw}");
    }
    let path = ObjectPath::parse("/docs/a/b").unwrap();
    assert_eq!(path.below("docs/").unwrap().key(), "a/b");
    assert_eq!(path.below("doc/"), None);
}

#[test]
fn a_redirect_stays_on_the_host() {
    for (raw, query, location) in [
        ("/a", None, "./a/"),
        ("/x/a", Some("q=1&r=%20+"), "./a/?q=1&r=%20+"),
        ("/a", Some(""), "./a/?"),
        ("//evil.example", None, "./evil.example/"),
        ("/%2F%2Fevil.example", None, "./evil.example/"),
        ("/%5Cevil.example", None, "./%5Cevil.example/"),
        ("/javascript:alert(1)", None, "./javascript:alert(1)/"),
        ("/a%0D%0ASet-Cookie:x", None, "./a%0D%0ASet-Cookie:x/"),
        ("/100%25", None, "./100%25/"),
        ("/✓", Some("✓\r\n"), "./%E2%9C%93/?%E2%9C%93%0D%0A"),
    ] {
        let path = ObjectPath::parse(raw).unwrap();
        assert_eq!(path.slash_redirect(query).as_deref(), Some(location), "{raw}");
    }
    assert_eq!(ObjectPath::parse("/a/").unwrap().slash_redirect(None), None);
    assert_eq!(ObjectPath::parse("/").unwrap().slash_redirect(None), None);
}

proptest! {
    #[test]
    fn any_text_is_a_path_or_an_error(raw in "\\PC*|(/|%|[0-9a-fA-F.]|\\\\|\\PC){0,40}") {
        if let Ok(path) = ObjectPath::parse(&raw) {
            prop_assert!(path.key().len() <= KEY_MAX);
            prop_assert!(!path.key().contains('\0'));
            prop_assert!(path.key().split(['/', '\\']).all(|segment| segment != "." && segment != ".."));
        }
    }

    #[test]
    fn a_key_written_as_a_url_is_read_back(key in "[^\0]{0,200}") {
        match ObjectPath::parse(&format!("/{}", encode_key(&key))) {
            Ok(path) => prop_assert_eq!(path.key(), key),
            Err(PathError::DotSegment | PathError::Hidden(_)) => prop_assert!(key.contains('.')),
            Err(other) => prop_assert!(false, "{}: {}", key, other),
        }
    }

    #[test]
    fn a_redirect_is_a_header_and_has_no_host(raw in "/(//|[a-z:@?%.]|%5C|%2F|\\PC){0,30}", query in "\\PC*") {
        let Ok(path) = ObjectPath::parse(&raw) else { return Ok(()) };
        if let Some(location) = path.slash_redirect(Some(&query)) {
            prop_assert!(location.starts_with("./"));
            prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            let (there, _) = location.split_once('?').unwrap();
            prop_assert_eq!(there.matches('/').count(), 2, "only its own two slashes: {}", location);
            prop_assert!(!location.contains('\\'));
        }
    }
}
