//! A name for each request, taken from the client or made.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Where a request id is taken from and told.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids are not worth a log line's room.
const LENGTH_MAX: usize = 128;

/// The id under which a request is found in logs and answers; a request extension.
#[derive(Clone, Debug)]
pub struct RequestId(Id);

#[derive(Clone, Debug)]
enum Id {
    Taken(HeaderValue),
    /// Hexadecimal digits.
    Made([u8; 32]),
}

impl RequestId {
    /// The client's own id where it is short and made of letters, digits, `-`, `_` and `.`; else 128 random bits.
    pub(crate) fn take_or_make(headers: &HeaderMap) -> Self {
        let taken = headers.get(X_REQUEST_ID).filter(|value| is_sound(value.as_bytes()));
        Self(taken.cloned().map_or_else(make, Id::Taken))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn header(&self) -> HeaderValue {
        match &self.0 {
            Id::Taken(id) => id.clone(),
            Id::Made(id) => HeaderValue::from_bytes(id).unwrap_or(HeaderValue::from_static("unknown")),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Id::Taken(id) => id.as_bytes(),
            Id::Made(id) => id,
        }
    }
}

fn is_sound(id: &[u8]) -> bool {
    (1..=LENGTH_MAX).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn make() -> Id {
    // One number, and not sixteen: an array of bytes takes four random bytes for each.
    Id::Made(super::trace::hex(rand::random::<u128>().to_ne_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_id_is_taken_and_another_made() {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("a-1_b.C"));
        assert_eq!(RequestId::take_or_make(&headers).as_str(), "a-1_b.C");
        let long = "x".repeat(LENGTH_MAX + 1);
        for unsound in ["", "a b", "<script>", "a\"", &long] {
            headers.insert(X_REQUEST_ID, HeaderValue::from_str(unsound).expect("a header value"));
            let made = RequestId::take_or_make(&headers);
            assert_ne!(made.as_str(), unsound);
            assert!(made.as_str().len() == 32 && made.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}
