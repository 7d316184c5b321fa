//! Who a review is.
//!
//! 1. A client's own id: 1 to 128 characters that need no escape in a URL's path.
//! 2. Without one, from the Idempotency-Key header: the same key is the same review.
//! 3. Without that, from delivery, time and text: the same words about the same delivery are the same review.

use std::fmt;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The most characters an id may have. Elasticsearch allows 512 bytes.
pub const ID_MAX: usize = 128;
/// Paths below /reviews that are something else; `.` and `..` are no paths at all (RFC 3986, section 5.2.4).
const RESERVED: [&str; 6] = [".", "..", "_bulk", "stats", "stream", "terms"];
/// Of a derived id's SHA-256, this many bytes: 2^80 reviews before a chance collision is likely.
const DERIVED_BYTES: usize = 20;

/// A review's id: 1 to [`ID_MAX`] of RFC 3986's unreserved characters and `:`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReviewId(String);

/// Why a text is no id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidId {
    /// It has no character, or more than [`ID_MAX`].
    #[error("must have 1 to {ID_MAX} characters")]
    Length,
    /// It has a character that a path would have to escape.
    #[error("may hold only letters, digits and . _ ~ : - of ASCII")]
    Character,
    /// Its path is another one's.
    #[error("is reserved")]
    Reserved,
}

impl ReviewId {
    /// Takes a client's own id.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.is_empty() || text.len() > ID_MAX {
            return Err(InvalidId::Length);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte);
        if !text.bytes().all(plain) {
            return Err(InvalidId::Character);
        }
        if RESERVED.contains(&text) {
            return Err(InvalidId::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id of the review that was sent with this Idempotency-Key.
    pub fn of_key(key: &str) -> Self {
        Self::derived('k', &[key.as_bytes()])
    }

    /// The id of a review that came without one.
    pub fn of_content(delivery_id: &str, written_at: Timestamp, text: &str) -> Self {
        let time = written_at.as_nanosecond().to_be_bytes();
        Self::derived('c', &[delivery_id.as_bytes(), &time, text.as_bytes()])
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Each part goes in with its length, so that no two lists of parts read alike.
    fn derived(kind: char, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut id = format!("{kind}-");
        for byte in &hash.finalize()[..DERIVED_BYTES] {
            let _ = write!(id, "{byte:02x}"); // a String takes whatever is written
        }
        Self(id)
    }
}

impl TryFrom<String> for ReviewId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

impl From<ReviewId> for String {
    fn from(id: ReviewId) -> Self {
        id.0
    }
}

impl fmt::Display for ReviewId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_name_a_review() {
        assert_eq!(ReviewId::parse("r-1.a_b~c:9").expect("plain").as_str(), "r-1.a_b~c:9");
        assert_eq!(ReviewId::parse(""), Err(InvalidId::Length));
        assert_eq!(ReviewId::parse(&"x".repeat(ID_MAX + 1)), Err(InvalidId::Length));
        for text in ["a b", "a/b", "ü", "a\0", "a?b", "a%20"] {
            assert_eq!(ReviewId::parse(text), Err(InvalidId::Character), "{text:?}");
        }
        for text in RESERVED {
            assert_eq!(ReviewId::parse(text), Err(InvalidId::Reserved), "{text:?}");
        }
    }

    #[test]
    fn a_repeat_has_the_same_id_and_nothing_else_has() {
        let at = "2026-11-21T10:00:00Z".parse().expect("a time");
        let id = ReviewId::of_content("d1", at, "warm milk");
        assert_eq!(id, ReviewId::of_content("d1", at, "warm milk"));
        assert_ne!(id, ReviewId::of_content("d", at, "1warm milk"));
        assert_ne!(ReviewId::of_key("a"), ReviewId::of_content("a", at, ""));
        assert!(ReviewId::parse(id.as_str()).is_ok());
    }
}
