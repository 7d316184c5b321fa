//! Whether what came is what was wanted.
//!
//! 1. Every byte passes through a [`Hasher`], in the order of the source.
//! 2. At the end its length is held against the length the source named, its SHA-256 against the one the item names.
//! 3. Where neither can tell the end from a cut, the content is refused: a reader must never see half an object.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// A SHA-256 (FIPS 180-4), written as 64 hexadecimal digits.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Digest([u8; 32]);

/// Text that is not a SHA-256.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("is not a SHA-256: write its 64 hexadecimal digits")]
pub struct NotADigest;

/// Hashes and counts what passes.
#[derive(Clone, Debug, Default)]
pub struct Hasher {
    state: Sha256,
    length: u64,
}

/// What is known beforehand about the content.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Expected {
    /// The whole length in bytes, as the source names it.
    pub length: Option<u64>,
    /// The hash, as the item names it.
    pub digest: Option<Digest>,
    /// Whether the transfer itself marks its end (a chunked body, an HTTP/2 stream), so that a cut is an error.
    pub framed: bool,
}

/// Content that agreed with all that was known of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Length in bytes.
    pub length: u64,
    /// Its hash.
    pub digest: Digest,
}

/// Content that must not be published. Asking again gets the same answer: give up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerificationError {
    /// The content is another one than the item names.
    #[error("the content's SHA-256 is {found}, wanted {wanted}")]
    Digest {
        /// What the item names.
        wanted: Digest,
        /// What came.
        found: Digest,
    },
    /// The source sent another number of bytes than it said.
    #[error("the source named {wanted} bytes and sent {found}")]
    Length {
        /// What the source named.
        wanted: u64,
        /// What came.
        found: u64,
    },
    /// Neither a length, nor a hash, nor the transfer itself marks the end.
    #[error("the source names no length and the item no sha256: a cut could not be told from the end")]
    Unverifiable,
}

impl Digest {
    /// The digest of `content`, for short texts held in memory.
    pub fn of(content: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(content).into())
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digits: [u8; 64] = text.as_bytes().try_into().map_err(|_| NotADigest)?;
        let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0]).ok_or(NotADigest)? << 4 | nibble(pair[1]).ok_or(NotADigest)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Hasher {
    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// How many bytes have passed.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Ends the content and holds it against what was known of it.
    pub fn finish(self, expected: &Expected) -> Result<Verified, VerificationError> {
        let verified = Verified { length: self.length, digest: Digest(self.state.finalize().into()) };
        // The hash first: it says more than the length, and covers it.
        match (expected.digest, expected.length) {
            (Some(wanted), _) if wanted != verified.digest => {
                Err(VerificationError::Digest { wanted, found: verified.digest })
            }
            (_, Some(wanted)) if wanted != verified.length => {
                Err(VerificationError::Length { wanted, found: verified.length })
            }
            (None, None) if !expected.framed => Err(VerificationError::Unverifiable),
            _ => Ok(verified),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn abc() -> Hasher {
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        hasher
    }

    #[test]
    fn digests_are_read_in_either_case_and_written_in_lower() {
        let digest: Digest = ABC.to_uppercase().parse().expect("a digest");
        assert_eq!(digest.to_string(), ABC);
        assert_eq!(digest, Digest::of("abc"));
        for wrong in
            ["", "abc", &ABC[1..], &format!("{ABC}0"), &ABC.replace('b', "g"), &ABC.replace("ba", "ü")]
        {
            assert_eq!(wrong.parse::<Digest>(), Err(NotADigest), "{wrong}");
        }
    }

    #[test]
    fn content_that_agrees_is_verified() {
        let digest = Some(Digest::of("abc"));
        for expected in [
            Expected { length: Some(3), digest, framed: true },
            Expected { length: Some(3), digest: None, framed: false },
            Expected { length: None, digest, framed: false },
            Expected { length: None, digest: None, framed: true },
        ] {
            assert_eq!(abc().finish(&expected).map(|verified| verified.length), Ok(3), "{expected:?}");
        }
    }

    #[test]
    fn content_that_differs_is_refused_by_what_differs() {
        let (wanted, found) = (Digest::of("abd"), Digest::of("abc"));
        let expected = Expected { length: Some(3), digest: Some(wanted), framed: true };
        assert_eq!(abc().finish(&expected), Err(VerificationError::Digest { wanted, found }));
        let expected = Expected { length: Some(4), digest: Some(found), framed: true };
        assert_eq!(abc().finish(&expected), Err(VerificationError::Length { wanted: 4, found: 3 }));
        assert_eq!(abc().finish(&Expected::default()), Err(VerificationError::Unverifiable));
    }
}
