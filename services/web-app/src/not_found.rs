//! Express's page for what no route answers, as the npm module `finalhandler` makes it.
//!
//! 1. The path is made printable ASCII as the module `encodeurl` does: what is encoded already stays as it is.
//! 2. It is escaped for HTML as the module `escape-html` does.
//! 3. The page is sent with headers that keep a browser from running anything in it.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};

use crate::document::HTML;

const BEFORE: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n\
                      </head>\n<body>\n<pre>Cannot ";
const AFTER: &str = "</pre>\n</body>\n</html>\n";
const NOTHING_RUNS: HeaderValue = HeaderValue::from_static("default-src 'none'");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// The 404 for `method` and `path`.
pub fn not_found(method: &Method, path: &str) -> Response<Body> {
    let page = page(method.as_str(), path);
    let length = HeaderValue::from(page.len());
    let mut response = Response::new(if method == Method::HEAD { Body::empty() } else { Body::from(page) });
    *response.status_mut() = StatusCode::NOT_FOUND;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, NOTHING_RUNS);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    headers.insert(header::CONTENT_TYPE, HTML);
    headers.insert(header::CONTENT_LENGTH, length);
    response
}

fn page(method: &str, path: &str) -> String {
    let mut page = String::with_capacity(BEFORE.len() + AFTER.len() + method.len() + path.len() + 64);
    page.push_str(BEFORE);
    escape(method, &mut page);
    page.push(' ');
    escape(&encode_url(path), &mut page);
    page.push_str(AFTER);
    page
}

/// `escape-html`: the five characters that mean something in HTML.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '"' => out.push_str("&quot;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
}

/// `encodeurl` of an ASCII path: characters that do not belong in a URL are percent-encoded, and so is a `%` that begins
/// no percent-encoding; one that is there already is left alone.
pub fn encode_url(path: &str) -> String {
    let bytes = path.as_bytes();
    let mut out = String::with_capacity(path.len());
    for (index, byte) in bytes.iter().copied().enumerate() {
        let begins_encoding =
            || matches!(&bytes[index + 1..], [first, second, ..] if is_hex(*first) && is_hex(*second));
        if belongs_in_a_url(byte) && (byte != b'%' || begins_encoding()) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

fn belongs_in_a_url(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x3B | 0x3D | 0x3F..=0x5F | 0x61..=0x7A | 0x7C | 0x7E)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_encoded_as_the_module_does() {
        for (path, encoded) in [
            ("/plain-._~!$&'()*+,;=:@", "/plain-._~!$&'()*+,;=:@"),
            ("/%41%c3%A9", "/%41%c3%A9"),
            ("/%zz", "/%25zz"),
            ("/%4g", "/%254g"),
            ("/%", "/%25"),
            ("/%4", "/%254"),
            ("/%%41", "/%25%41"),
            ("/%|x", "/%25|x"),
            ("/a|b^c[d]\\", "/a|b^c[d]\\"),
            ("/\"<>`{}\u{7f}", "/%22%3C%3E%60%7B%7D%7F"),
        ] {
            assert_eq!(encode_url(path), encoded, "{path}");
        }
    }

    #[test]
    fn the_page_is_escaped() {
        let page = page("GET", "/a&b'\"<c>");
        assert!(page.contains("<pre>Cannot GET /a&amp;b&#39;%22%3Cc%3E</pre>"), "{page}");
    }

    proptest! {
        #[test]
        fn no_path_gets_markup_into_the_page(path in "/[ -~]{0,64}") {
            let page = page("GET", &path);
            let inside = &page[BEFORE.len()..page.len() - AFTER.len()];
            prop_assert!(!inside.contains(['<', '>', '"', '\'']) && inside.is_ascii());
        }

        #[test]
        fn what_is_encoded_is_left_alone(bytes in proptest::collection::vec(any::<u8>(), 0..16)) {
            let path: Vec<String> = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
            let path = path.concat();
            prop_assert_eq!(encode_url(&path), path);
        }
    }
}
