//! Where the next page starts, as a client carries it: opaque, and good for the same question only.
//!
//! 1. It holds its version, the question's fingerprint, the time at which the first page was asked for, and the store's
//!    [`Place`].
//! 2. Times such as `24h` mean on every page what they meant on the first.
//! 3. Nothing in it is trusted: it came from a client, and a store checks the place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Place;

/// A cursor may have this many characters. A point in time of Elasticsearch names every shard it looks at.
pub const CURSOR_MAX: usize = 32 * 1024;
const VERSION: u8 = 1;

/// What a cursor says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    #[serde(rename = "v")]
    version: u8,
    #[serde(rename = "f")]
    fingerprint: String,
    /// When the first page was asked for.
    #[serde(rename = "t")]
    pub(super) asked_at: Timestamp,
    /// Where the page before ended.
    #[serde(rename = "p")]
    pub(super) place: Place,
}

/// Why a text is no cursor here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum InvalidCursor {
    /// It was not made here.
    #[error("is not a cursor of this service")]
    Garbage,
    /// It continues another question.
    #[error("belongs to another query: only size and highlight may change from page to page")]
    OtherQuery,
}

impl Cursor {
    /// A cursor of this question.
    pub(super) fn new(fingerprint: String, asked_at: Timestamp, place: Place) -> Self {
        Self { version: VERSION, fingerprint, asked_at, place }
    }

    /// What a client gave, where it belongs to the question with this fingerprint.
    pub(super) fn decode(text: &str, fingerprint: &str) -> Result<Self, InvalidCursor> {
        if text.len() > CURSOR_MAX {
            return Err(InvalidCursor::Garbage);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor::Garbage)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| InvalidCursor::Garbage)?;
        match cursor {
            _ if cursor.version != VERSION => Err(InvalidCursor::Garbage),
            _ if cursor.fingerprint != fingerprint => Err(InvalidCursor::OtherQuery),
            cursor => Ok(cursor),
        }
    }

    /// The text that a client carries.
    pub(super) fn encode(&self) -> String {
        // Strings, numbers and JSON values: none of them can fail to be JSON.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursor() -> Cursor {
        let place = Place { point: "now".to_owned(), values: vec![1.into(), "r-1".into()] };
        Cursor::new("0a".to_owned(), "2026-11-21T10:00:00Z".parse().expect("a time"), place)
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let text = cursor().encode();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        assert_eq!(Cursor::decode(&text, "0a"), Ok(cursor()));
        assert_eq!(Cursor::decode(&text, "0b"), Err(InvalidCursor::OtherQuery));
    }

    #[test]
    fn what_was_not_made_here_is_refused() {
        let other_version = Cursor { version: 0, ..cursor() }.encode();
        let padded = format!("{}=", cursor().encode());
        let long = "A".repeat(CURSOR_MAX + 1);
        let deep = URL_SAFE_NO_PAD.encode("[".repeat(10_000));
        for text in ["", "x", "e30", &other_version, &padded, &long, &deep] {
            assert_eq!(Cursor::decode(text, "0a"), Err(InvalidCursor::Garbage), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let _ = Cursor::decode(&text, "0a");
            let _ = Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes), "0a");
        }
    }
}
