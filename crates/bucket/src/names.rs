//! Names with rules, as types: a value of one of these has passed them.

use std::fmt;

/// Why a name cannot be used. The text says what is wrong and holds no secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// The name is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// The name is too long or too short.
    #[error("{what} has {length} bytes; {least} to {most} are allowed")]
    Length {
        /// Which name.
        what: &'static str,
        /// Its bytes.
        length: usize,
        /// The fewest that are allowed.
        least: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// The name holds something it must not.
    #[error("{what} {name:?} {problem}")]
    Form {
        /// Which name.
        what: &'static str,
        /// The name as given.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// The most bytes of UTF-8 a key may have, prefix included (S3 user guide, "Naming Amazon S3 objects").
pub const KEY_BYTES: usize = 1024;

/// A bucket's name, by the rules that every store shares: 3 to 63 of `a-z 0-9 . -`, a letter or digit at both ends, no
/// two dots together, not an IPv4 address (S3 user guide, "General purpose bucket naming rules").
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BucketName(String);

impl BucketName {
    /// Takes `name` if it keeps the rules.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        const WHAT: &str = "the bucket's name";
        let wrong = |problem| Err(NameError::Form { what: WHAT, name: name.to_owned(), problem });
        if name.is_empty() {
            return Err(NameError::Empty(WHAT));
        }
        if !(3..=63).contains(&name.len()) {
            return Err(NameError::Length { what: WHAT, length: name.len(), least: 3, most: 63 });
        }
        if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-')) {
            return wrong("has something other than a-z, 0-9, '.' and '-'");
        }
        if name.starts_with(['.', '-']) || name.ends_with(['.', '-']) {
            return wrong("must begin and end with a letter or a digit");
        }
        if name.contains("..") {
            return wrong("has two dots together");
        }
        if name.parse::<std::net::Ipv4Addr>().is_ok() {
            return wrong("looks like an IP address");
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands before every key of a service: empty, or ending in `/`.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Prefix(String);

impl Prefix {
    /// Takes `prefix` as people write folders: slashes in front are dropped and one is put behind; `/` is empty.
    pub fn parse(prefix: &str) -> Result<Self, NameError> {
        const WHAT: &str = "the prefix";
        let inner = prefix.trim_start_matches('/').trim_end_matches('/');
        if inner.is_empty() {
            return Ok(Self::default());
        }
        if inner.contains('\0') {
            let problem = "has a NUL character";
            return Err(NameError::Form { what: WHAT, name: prefix.to_owned(), problem });
        }
        // One byte for the slash and one for the shortest key.
        let most = KEY_BYTES - 2;
        if inner.len() > most {
            return Err(NameError::Length { what: WHAT, length: inner.len(), least: 0, most });
        }
        Ok(Self(format!("{inner}/")))
    }

    /// The prefix, empty or with its slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object's key, without the bucket's prefix: 1 to 1,024 bytes of UTF-8 without NUL. Nothing else is changed or
/// forbidden: `//`, `..` and a slash in front are part of a key.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(String);

impl Key {
    /// Takes `key` if it keeps the rules.
    pub fn parse(key: impl Into<String>) -> Result<Self, NameError> {
        const WHAT: &str = "the key";
        let key = key.into();
        if key.is_empty() {
            return Err(NameError::Empty(WHAT));
        }
        if key.len() > KEY_BYTES {
            return Err(NameError::Length { what: WHAT, length: key.len(), least: 1, most: KEY_BYTES });
        }
        if key.contains('\0') {
            return Err(NameError::Form { what: WHAT, name: key, problem: "has a NUL character" });
        }
        Ok(Self(key))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key as a string.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names() {
        for good in ["abc", "my-bucket", "my.bucket.1", "1bucket", &"a".repeat(63)] {
            assert_eq!(BucketName::parse(good).map(|name| name.to_string()), Ok(good.to_owned()));
        }
        let long = "a".repeat(64);
        for bad in [
            "",
            "ab",
            &long,
            "Bucket",
            "my_bucket",
            "-ab",
            "ab-",
            ".ab",
            "ab.",
            "a..b",
            "192.168.0.1",
            "a/b",
            "bücket",
        ] {
            assert!(BucketName::parse(bad).is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn prefixes_are_folders() {
        for (given, kept) in [
            ("", ""),
            ("/", ""),
            ("//", ""),
            ("site", "site/"),
            ("/site/", "site/"),
            ("a/b", "a/b/"),
            ("ü", "ü/"),
        ] {
            assert_eq!(Prefix::parse(given).map(|prefix| prefix.to_string()), Ok(kept.to_owned()));
        }
        assert!(Prefix::parse("a\0b").is_err());
        assert!(Prefix::parse(&"p".repeat(KEY_BYTES - 1)).is_err());
        assert!(Prefix::parse(&"p".repeat(KEY_BYTES - 2)).is_ok());
    }

    #[test]
    fn keys_count_bytes_of_utf8() {
        assert!(Key::parse("ü".repeat(512)).is_ok());
        assert_eq!(
            Key::parse("ü".repeat(513)),
            Err(NameError::Length { what: "the key", length: 1026, least: 1, most: 1024 })
        );
        assert_eq!(Key::parse(""), Err(NameError::Empty("the key")));
        assert!(Key::parse("a\0").is_err());
        for odd in ["/", "//", "../x", " ", "a\nb", "+", "%2F"] {
            assert_eq!(Key::parse(odd).map(Key::into_string), Ok(odd.to_owned()));
        }
    }
}
