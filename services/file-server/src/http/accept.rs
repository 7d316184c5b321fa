//! What kind of answer a client wants: a page to look at, data, or either (RFC 9110 §12.5.1).
//!
//! 1. The weight of a media type is that of the most specific range that covers it.
//! 2. A navigation is what a browser says is one (`Sec-Fetch-Mode`, `Sec-Fetch-Dest`); where a client says
//!    nothing of the kind, naming HTML in `Accept` is what tells a person from a script.
//! 3. JSON is chosen where it is wanted more than HTML.

use http::{HeaderMap, header::ACCEPT};

use super::quality::{FULL, Quality, members};

/// How much the client wants a media type; without an `Accept` header it takes everything.
pub fn quality(headers: &HeaderMap, media: &str) -> Quality {
    if !headers.contains_key(ACCEPT) {
        return FULL;
    }
    best_match(headers, media).map_or(0, |(_, weight)| weight)
}

/// Whether this is somebody opening a page: the page of a single-page application is for them alone, since a
/// script, an image or a fetch that finds nothing has to learn that with a 404.
pub fn is_navigation(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.as_bytes().trim_ascii());
    let document = |dest: &[u8]| matches!(dest, b"document" | b"iframe" | b"frame" | b"fencedframe");
    match (said("sec-fetch-mode"), said("sec-fetch-dest")) {
        (None, None) => names_html(headers),
        (mode, dest) => {
            mode.is_none_or(|mode| mode == b"navigate" || mode == b"nested-navigate")
                && dest.is_none_or(document)
                && quality(headers, "text/html") > 0
        }
    }
}

/// Whether a listing is to be JSON.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    quality(headers, "application/json") > quality(headers, "text/html")
}

/// Whether HTML is named itself; `*/*` is what every script says.
fn names_html(headers: &HeaderMap) -> bool {
    ["text/html", "application/xhtml+xml"].into_iter().any(|media| {
        best_match(headers, media)
            .is_some_and(|(precision, weight)| precision == Precision::Exact && weight > 0)
    })
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Anything,
    Type,
    Exact,
}

/// The most specific range that covers `media`, and its weight; the lower one of two alike.
fn best_match(headers: &HeaderMap, media: &str) -> Option<(Precision, Quality)> {
    let kind = media.split('/').next().unwrap_or_default();
    let mut best: Option<(Precision, Quality)> = None;
    for (range, weight) in members(headers.get_all(ACCEPT)) {
        let precision = if range == b"*/*" {
            Precision::Anything
        } else if range.eq_ignore_ascii_case(media.as_bytes()) {
            Precision::Exact
        } else if range.strip_suffix(b"/*").is_some_and(|range| range.eq_ignore_ascii_case(kind.as_bytes())) {
            Precision::Type
        } else {
            continue;
        };
        best = match best {
            Some((before, _)) if before > precision => best,
            Some((before, lower)) if before == precision => Some((before, lower.min(weight))),
            _ => Some((precision, weight)),
        };
    }
    best
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    fn request(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_most_specific_range_counts() {
        let headers = request(&[("accept", "text/*;q=0.3, TEXT/html;q=0.7, text/html;level=1, */*;q=0.5")]);
        assert_eq!(quality(&headers, "text/html"), 700);
        assert_eq!(quality(&headers, "text/plain"), 300);
        assert_eq!(quality(&headers, "image/png"), 500);
        assert_eq!(quality(&request(&[("accept", "text/html")]), "image/png"), 0);
        assert_eq!(quality(&request(&[]), "image/png"), FULL);
    }

    #[test]
    fn a_person_opens_a_page() {
        assert!(is_navigation(&request(&[("accept", BROWSER)])));
        assert!(is_navigation(&request(&[
            ("accept", BROWSER),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document")
        ])));
        assert!(is_navigation(&request(&[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")])));
        assert!(is_navigation(&request(&[("accept", "application/xhtml+xml")])));
    }

    #[test]
    fn a_script_does_not() {
        for pairs in [
            &[][..],
            &[("accept", "*/*")],
            &[("accept", "text/*")],
            &[("accept", "text/html;q=0")],
            &[("accept", "application/json")],
            &[("accept", BROWSER), ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
            &[("accept", BROWSER), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")],
            &[("accept", BROWSER), ("sec-fetch-dest", "image")],
            &[("accept", "image/*"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        ] {
            assert!(!is_navigation(&request(pairs)), "{pairs:?}");
        }
    }

    #[test]
    fn json_is_for_who_wants_it_more() {
        assert!(prefers_json(&request(&[("accept", "application/json")])));
        assert!(prefers_json(&request(&[("accept", "application/json, text/html;q=0.9")])));
        assert!(!prefers_json(&request(&[("accept", BROWSER)])));
        assert!(!prefers_json(&request(&[("accept", "*/*")])));
        assert!(!prefers_json(&request(&[])));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(0x20u8.., 0..60)) {
            let Ok(line) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(ACCEPT, line)]);
            prop_assert!(quality(&headers, "text/html") <= FULL);
            is_navigation(&headers);
            prefers_json(&headers);
        }
    }
}
