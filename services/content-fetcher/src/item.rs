//! One thing to fetch: where from, where to, and what is known of it. Types that cannot hold a wrong value.
//!
//! 1. [`SourceUrl`]: http or https, with a host, without credentials; printed without its query, which may be a signature.
//! 2. [`ObjectKey`]: a key that every store keeps as it is and that file-server can serve.
//! 3. [`FieldText`]: the value of a header field that the store hands on to readers.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::verify::Digest;

/// S3's limit for a key, in bytes of UTF-8.
const KEY_MAX: usize = 1024;
/// Longer than any URL that servers take.
const URL_MAX: usize = 8 * 1024;
/// S3 takes no more than 2 KiB of metadata in all.
const FIELD_MAX: usize = 512;

/// One object and its source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// Where the content comes from.
    pub url: SourceUrl,
    /// Where it goes, below the bucket's prefix.
    pub key: ObjectKey,
    /// What it must be; without it, what the source sends in full is taken.
    pub sha256: Option<Digest>,
    /// The object's Content-Type; without it the source's, then one by the key's ending.
    pub content_type: Option<FieldText>,
    /// The object's Cache-Control.
    pub cache_control: Option<FieldText>,
    /// A file of header lines for the source, such as an Authorization.
    pub headers_from: Option<PathBuf>,
}

/// An absolute http or https URL without credentials and fragment.
#[derive(Clone, Eq, PartialEq)]
pub struct SourceUrl(Url);

/// Why a URL cannot be a source. No variant shows the URL: it may hold a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UrlFault {
    /// Not an absolute URL.
    #[error("is not a URL: {0}")]
    Syntax(url::ParseError),
    /// Another scheme.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// `user:password@` in it, which logs and redirects would spread.
    #[error("must not hold a user or a password: put an Authorization header into the headers file")]
    Credentials,
    /// Too long.
    #[error("is longer than {URL_MAX} bytes")]
    TooLong,
}

/// An object's key: relative, of plain segments.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ObjectKey(String);

/// Why a text cannot be a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyFault {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// Over S3's limit.
    #[error("is longer than {KEY_MAX} bytes")]
    TooLong,
    /// A control character, which XML listings cannot carry.
    #[error("holds a control character")]
    Control,
    /// A leading or trailing slash, `//`, `.` or `..`.
    #[error(
        "must be segments with one slash between: no leading or trailing slash, no empty, `.` or `..` segment"
    )]
    Segments,
}

/// The value of a header field: visible ASCII, spaces inside.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldText(String);

/// Text that cannot be a header field's value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be 1 to {FIELD_MAX} characters of ASCII text, without line ends and spaces around it")]
pub struct NotAField;

impl SourceUrl {
    /// The URL itself, for a request. Not for a log.
    pub fn get(&self) -> &Url {
        &self.0
    }

    /// Follows a reference found in a Location, with the same rules as for a first URL.
    pub fn join(&self, reference: &str) -> Result<Self, UrlFault> {
        Self::checked(self.0.join(reference).map_err(UrlFault::Syntax)?)
    }

    /// Whether `other` has the same scheme, host and port (RFC 6454).
    pub fn same_origin(&self, other: &Self) -> bool {
        self.0.origin() == other.0.origin()
    }

    fn checked(mut url: Url) -> Result<Self, UrlFault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlFault::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::Credentials);
        }
        if url.as_str().len() > URL_MAX {
            return Err(UrlFault::TooLong);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl FromStr for SourceUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        if text.len() > URL_MAX {
            return Err(UrlFault::TooLong);
        }
        Self::checked(Url::parse(text).map_err(UrlFault::Syntax)?)
    }
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.0.origin().ascii_serialization(), self.0.path())?;
        out.write_str(if self.0.query().is_some() { "?..." } else { "" })
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl ObjectKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectKey {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        match text {
            "" => Err(KeyFault::Empty),
            _ if text.len() > KEY_MAX => Err(KeyFault::TooLong),
            _ if text.chars().any(char::is_control) => Err(KeyFault::Control),
            _ if text.split('/').any(|segment| matches!(segment, "" | "." | "..")) => Err(KeyFault::Segments),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FieldText {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FieldText {
    type Err = NotAField;

    fn from_str(text: &str) -> Result<Self, NotAField> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let sound = plain && !text.is_empty() && text.len() <= FIELD_MAX && text.trim() == text;
        if sound { Ok(Self(text.to_owned())) } else { Err(NotAField) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_http_without_credentials() {
        let url: SourceUrl = "HTTPS://Example.org:443/a/../b?sig=secret#part".parse().expect("a URL");
        assert_eq!(url.get().as_str(), "https://example.org/b?sig=secret");
        assert_eq!(url.to_string(), "https://example.org/b?...");
        assert_eq!(format!("{url:?}"), "https://example.org/b?...");
        for (text, fault) in [
            ("ftp://example.org/", UrlFault::Scheme),
            ("file:///etc/passwd", UrlFault::Scheme),
            ("https://user@example.org/", UrlFault::Credentials),
            ("https://:hunter2@example.org/", UrlFault::Credentials),
            ("example.org", UrlFault::Syntax(url::ParseError::RelativeUrlWithoutBase)),
            ("http://", UrlFault::Syntax(url::ParseError::EmptyHost)),
        ] {
            let found = text.parse::<SourceUrl>().expect_err(text);
            assert_eq!(found, fault, "{text}");
            assert!(!found.to_string().contains("hunter2"));
        }
        let long = format!("http://example.org/{}", "a".repeat(URL_MAX));
        assert_eq!(long.parse::<SourceUrl>(), Err(UrlFault::TooLong));
    }

    #[test]
    fn numbers_that_are_addresses_become_addresses() {
        for text in ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/"] {
            let url: SourceUrl = text.parse().expect(text);
            assert_eq!(url.get().host_str(), Some("127.0.0.1"), "{text}");
        }
    }

    #[test]
    fn origins_are_scheme_host_and_port() {
        let url = |text: &str| text.parse::<SourceUrl>().expect(text);
        assert!(url("http://a/x").same_origin(&url("http://a:80/y?z")));
        for other in ["https://a/x", "http://a:81/x", "http://b/x"] {
            assert!(!url("http://a/x").same_origin(&url(other)), "{other}");
        }
    }

    #[test]
    fn keys_are_plain_segments() {
        for text in ["a", "index.html", "a/b c/ü.txt", ".well-known/x", "..a/b..", &"k".repeat(KEY_MAX)] {
            assert_eq!(text.parse::<ObjectKey>().map(|key| key.0), Ok(text.to_owned()));
        }
        for (text, fault) in [
            ("", KeyFault::Empty),
            ("/a", KeyFault::Segments),
            ("a/", KeyFault::Segments),
            ("a//b", KeyFault::Segments),
            ("a/../b", KeyFault::Segments),
            ("./a", KeyFault::Segments),
            ("a\nb", KeyFault::Control),
            ("a\0", KeyFault::Control),
        ] {
            assert_eq!(text.parse::<ObjectKey>(), Err(fault), "{text:?}");
        }
        assert_eq!("ü".repeat(513).parse::<ObjectKey>(), Err(KeyFault::TooLong));
    }

    #[test]
    fn field_values_are_one_line_of_ascii() {
        assert!("text/html; charset=utf-8".parse::<FieldText>().is_ok());
        for text in ["", " a", "a ", "a\r\nX-Evil: 1", "ü", "a\tb", &"a".repeat(FIELD_MAX + 1)] {
            assert_eq!(text.parse::<FieldText>(), Err(NotAField), "{text:?}");
        }
    }
}
