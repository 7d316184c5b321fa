//! Which content coding a client takes (RFC 9110 §12.5.3).
//!
//! 1. Without the header anything may be sent; identity is what such a client surely reads, so it is preferred.
//! 2. A coding that is listed has its weight; one that is not has that of `*`; identity, where neither is there,
//!    is acceptable but wanted least. `x-gzip` is gzip.
//! 3. A coding listed twice has the lower weight: what is refused once is never sent.
//! 4. Which form is sent is for the cache to say, which knows what there is: the client's weight decides, and then the
//!    server's own order. Where nothing is acceptable the answer is 406.
//!
//! An object may itself be stored with a `Content-Encoding`: see [`StoredEncoding`].

use http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};

use super::quality::{FULL, Quality, members};

/// A content coding this server makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Coding {
    /// The bytes as they are.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

impl Coding {
    /// Its name in `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The suffix of a sibling that holds an object already compressed: `app.js.br`. None for identity.
    pub const fn suffix(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(".gz"),
            Self::Brotli => Some(".br"),
            Self::Zstd => Some(".zst"),
        }
    }

    /// The coding of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Identity, Self::Gzip, Self::Brotli, Self::Zstd];
        all.into_iter().find(|coding| same_coding(name.as_bytes(), coding.name()))
    }

    /// The value of `Content-Encoding`. None for identity, which is not announced.
    pub const fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            other => Some(HeaderValue::from_static(other.name())),
        }
    }
}

/// What a request says of codings.
#[derive(Debug, Clone, Copy)]
pub struct AcceptEncoding<'a> {
    /// None without the header.
    headers: Option<&'a HeaderMap>,
    for_range: bool,
}

impl<'a> AcceptEncoding<'a> {
    /// Reads it from the request's headers.
    pub fn of(headers: &'a HeaderMap) -> Self {
        Self { headers: headers.contains_key(ACCEPT_ENCODING).then_some(headers), for_range: false }
    }

    /// The same, of a request for a range.
    #[must_use]
    pub fn for_range(self) -> Self {
        Self { for_range: true, ..self }
    }

    /// Whether the object is to be sent as it is stored wherever the client takes that at all: for a range, whose
    /// pieces a client puts together over several answers. A form made here is other bytes after the next update.
    pub fn prefers_stored(&self) -> bool {
        self.for_range
    }

    /// How much the client wants the coding of that name; 0 is "not acceptable".
    pub fn quality(&self, name: &str) -> Quality {
        let identity = name.eq_ignore_ascii_case("identity");
        let Some(headers) = self.headers else { return if identity { FULL } else { 1 } };
        let mut listed: Option<Quality> = None;
        let mut others: Option<Quality> = None;
        for (member, weight) in members(headers.get_all(ACCEPT_ENCODING)) {
            let slot = match member {
                b"*" => &mut others,
                member if same_coding(member, name) => &mut listed,
                _ => continue,
            };
            *slot = Some(slot.map_or(weight, |before| before.min(weight)));
        }
        listed.or(others).unwrap_or(Quality::from(identity))
    }
}

fn same_coding(member: &[u8], name: &str) -> bool {
    // RFC 9110 §8.4.1.3: x-gzip is to be read as gzip.
    let plain = |name: &[u8]| name.eq_ignore_ascii_case(b"x-gzip");
    let name = name.as_bytes();
    member.eq_ignore_ascii_case(name)
        || (plain(member) && name.eq_ignore_ascii_case(b"gzip"))
        || (plain(name) && member.eq_ignore_ascii_case(b"gzip"))
}

/// The codings an object was stored with, in the order they were applied.
///
/// `aws-chunked` is how an SDK framed its upload, not a coding of the object; some stores keep it all the same,
/// and no browser could read it: it is dropped here, as is `identity`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredEncoding {
    names: Vec<String>,
}

impl StoredEncoding {
    /// Reads the `Content-Encoding` of an object. What is no token (RFC 9110 §5.6.2) is dropped.
    pub fn parse(text: &str) -> Self {
        let names = text.split(',').map(|name| name.trim().to_ascii_lowercase());
        let kept = |name: &String| {
            !name.is_empty() && name != "aws-chunked" && name != "identity" && name.bytes().all(is_token)
        };
        Self { names: names.filter(kept).collect() }
    }

    /// Whether the bytes are the object itself.
    pub fn is_identity(&self) -> bool {
        self.names.is_empty()
    }

    /// The one coding to undo, where it is one that this server knows.
    pub fn known(&self) -> Option<Coding> {
        match self.names.as_slice() {
            [] => Some(Coding::Identity),
            [name] => Coding::from_name(name),
            _ => None,
        }
    }

    /// Whether the client takes the object as it is stored.
    pub fn accepted_by(&self, client: &AcceptEncoding<'_>) -> bool {
        if self.is_identity() {
            return client.quality("identity") > 0;
        }
        self.names.iter().all(|name| client.quality(name) > 0)
    }

    /// The value of `Content-Encoding`; None where there is nothing to say.
    pub fn header(&self) -> Option<HeaderValue> {
        if self.is_identity() { None } else { HeaderValue::from_str(&self.names.join(", ")).ok() }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
#[path = "accept_encoding_tests.rs"]
mod tests;
