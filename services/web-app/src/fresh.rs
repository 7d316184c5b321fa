//! Whether the client's copy is as new as ours, decided as the npm module `fresh` 0.5 decides it.
//!
//! 1. Without a condition it is not.
//! 2. `Cache-Control: no-cache` asks for the page whatever the condition says.
//! 3. If-None-Match must be `*` or hold our tag, compared weakly (RFC 9110, section 8.8.3.2).
//! 4. If-Modified-Since must hold as well, against RFC 9110, section 13.1.3: the pages here have no Last-Modified, so
//!    it never does.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Whether a request with these headers is answered 304 where the page has the weak tag `etag`.
pub fn is_fresh(request: &HeaderMap, etag: &HeaderValue) -> bool {
    if !request.contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    let modified_since = request.get(header::IF_MODIFIED_SINCE).is_some_and(|date| !date.is_empty());
    !modified_since && !has_no_cache(request) && is_match(request, etag.as_bytes())
}

fn has_no_cache(request: &HeaderMap) -> bool {
    members(request, &header::CACHE_CONTROL).any(|directive| directive.trim_ascii() == b"no-cache")
}

fn is_match(request: &HeaderMap, etag: &[u8]) -> bool {
    let mut values = request.get_all(header::IF_NONE_MATCH).iter();
    if let (Some(only), None) = (values.next(), values.next())
        && only == "*"
    {
        return true;
    }
    members(request, &header::IF_NONE_MATCH).any(|tag| is_same(trim_spaces(tag), etag))
}

/// The comma-separated members of every field of that name, as Node joins them.
fn members<'a>(request: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    request.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
}

/// Spaces only: the module leaves tabs, and a tag with a tab round it does not match.
fn trim_spaces(mut tag: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = tag {
        tag = rest;
    }
    tag
}

/// Equal, but for one `W/` that either of the two may have more.
fn is_same(tag: &[u8], etag: &[u8]) -> bool {
    tag == etag || tag.strip_prefix(b"W/") == Some(etag) || etag.strip_prefix(b"W/") == Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = r#"W/"a-1""#;

    fn fresh(fields: &[(HeaderName, &'static str)]) -> bool {
        let fields = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let mut request = HeaderMap::new();
        fields.for_each(|(name, value)| _ = request.append(name, value));
        is_fresh(&request, &HeaderValue::from_static(TAG))
    }

    #[test]
    fn our_tag_weak_or_strong_alone_or_in_a_list_is_fresh() {
        for value in [TAG, r#""a-1""#, r#"W/W/"a-1""#, "*", r#""x", "a-1""#, r#""x","a-1" ,W/"y""#] {
            assert!(fresh(&[(header::IF_NONE_MATCH, value)]), "{value}");
        }
        assert!(fresh(&[(header::IF_NONE_MATCH, r#""x""#), (header::IF_NONE_MATCH, TAG)]));
    }

    #[test]
    fn what_is_not_our_tag_is_not_fresh() {
        for value in ["", r#""x""#, "a-1", r#"w/"a-1""#, r#""x",*"#, "*,*", r#""a-1"x"#] {
            assert!(!fresh(&[(header::IF_NONE_MATCH, value)]), "{value}");
        }
        assert!(!fresh(&[]));
    }

    #[test]
    fn no_cache_and_a_date_outweigh_the_tag() {
        for value in ["no-cache", "max-age=0, no-cache", "no-cache,x"] {
            assert!(!fresh(&[(header::IF_NONE_MATCH, TAG), (header::CACHE_CONTROL, value)]), "{value}");
        }
        for value in ["", "no-store", "NO-CACHE", "xno-cache", "no-cache=x"] {
            assert!(fresh(&[(header::IF_NONE_MATCH, TAG), (header::CACHE_CONTROL, value)]), "{value}");
        }
        assert!(!fresh(&[(header::IF_NONE_MATCH, TAG), (header::IF_MODIFIED_SINCE, "garbage")]));
        assert!(fresh(&[(header::IF_NONE_MATCH, TAG), (header::IF_MODIFIED_SINCE, "")]));
    }
}
