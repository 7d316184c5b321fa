//! Reads the parameters of a request, and finds everything that is wrong with them.
//!
//! 1. The query component is split into names and values and decoded (URL Standard, section 5.1), strictly: bad UTF-8 is a
//!    fault.
//! 2. Each parameter is asked for by name, once or as a list, and its value checked.
//! 3. What nobody asked for is unknown here, and a fault by name: a filter with a slip in it must not find everything.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::review::Fault;

/// A request may have this many parameters.
const PARAMETERS_MAX: usize = 128;
/// What a query component may hold as it is: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The parameters of a request, and what was wrong with them so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

impl Reader {
    /// Splits and decodes the query component of a request.
    pub(super) fn new(query: Option<&str>) -> Self {
        let mut reader = Self::default();
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        for (index, pair) in pairs.enumerate() {
            if index == PARAMETERS_MAX {
                reader.fault("", format_args!("there may be {PARAMETERS_MAX} parameters"));
                break;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decoded(name), decoded(value)) {
                (Some(name), Some(value)) => reader.pairs.push((name, value)),
                _ => reader.fault(&name.replace('+', " "), "is not UTF-8"),
            }
        }
        reader
    }

    /// The value of a parameter that may be given once.
    pub(super) fn one<T, E: Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let mut values = self.values(name);
        let value = values.pop()?;
        if !values.is_empty() {
            self.fault(name, "is given more than once");
            return None;
        }
        parse(&value).map_err(|reason| self.fault(name, reason)).ok()
    }

    /// The values of a parameter that may be given up to `most` times.
    pub(super) fn list<T, E: Display>(
        &mut self,
        name: &'static str,
        most: usize,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let values = self.values(name);
        if values.len() > most {
            self.fault(name, format_args!("may be given {most} times"));
            return Vec::new();
        }
        let parsed = values.iter().filter_map(|value| parse(value).map_err(|why| self.fault(name, why)).ok());
        parsed.collect()
    }

    /// Notes what is wrong with the parameter `name`.
    pub(super) fn fault(&mut self, name: &str, reason: impl Display) {
        let fault = Fault { field: name.to_owned(), reason: reason.to_string() };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Whether nothing was wrong so far.
    pub(super) fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// What identifies the question, whatever its order: every parameter but these.
    pub(super) fn fingerprint(&self, except: &[&str]) -> String {
        let kept = self.pairs.iter().filter(|(name, _)| !except.contains(&name.as_str()));
        let mut pairs: Vec<_> = kept.collect();
        pairs.sort();
        let mut hash = Sha256::new();
        for text in pairs.into_iter().flat_map(|(name, value)| [name, value]) {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        URL_SAFE_NO_PAD.encode(&hash.finalize()[..9])
    }

    /// The query component again, with `name` set to `value`.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let kept = self.pairs.iter().filter(|(other, _)| other != name);
        let pairs = kept.map(|(name, value)| (name.as_str(), value.as_str())).chain([(name, value)]);
        let escaped = |text| utf8_percent_encode(text, ESCAPED);
        let pairs = pairs.map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// Every fault, those of unknown parameters included; at least one is an error.
    pub(super) fn finish(&mut self) -> Result<(), Vec<Fault>> {
        let unknown = self.pairs.iter().filter(|(name, _)| !self.known.contains(&name.as_str()));
        let unknown: Vec<_> = unknown.map(|(name, _)| name.clone()).collect();
        for name in unknown {
            self.fault(&name, "is no parameter here");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(std::mem::take(&mut self.faults)) }
    }

    /// The names that were asked for.
    #[cfg(test)]
    pub(super) fn known(&self) -> &[&'static str] {
        &self.known
    }

    fn values(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let values = self.pairs.iter().filter(|(other, _)| other == name);
        values.map(|(_, value)| value.clone()).collect()
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().map(Into::into).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u8, &'static str> {
        text.parse().map_err(|_| "is no number")
    }

    #[test]
    fn a_parameter_is_decoded_and_given_once() {
        let mut reader = Reader::new(Some("a=1&b=x+y%2Bz&&tag=%C3%BC&tag=2&c"));
        assert_eq!(reader.one("a", number), Some(1));
        assert_eq!(reader.one("b", |text| Ok::<_, String>(text.to_owned())).as_deref(), Some("x y+z"));
        assert_eq!(reader.one("c", |text| Ok::<_, String>(text.to_owned())).as_deref(), Some(""));
        assert_eq!(reader.list("tag", 2, |text| Ok::<_, String>(text.to_owned())), ["ü", "2"]);
        assert_eq!(reader.one("d", number), None);
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn every_fault_is_named() {
        let mut reader = Reader::new(Some("a=x&b=1&b=2&t=1&t=2&t=3&bad=%FF&Size=3"));
        reader.one("a", number);
        reader.one("b", number);
        reader.list("t", 2, number);
        let faults = reader.finish().expect_err("faults");
        let told: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.field, fault.reason)).collect();
        assert_eq!(
            told,
            [
                "bad is not UTF-8",
                "a is no number",
                "b is given more than once",
                "t may be given 2 times",
                "Size is no parameter here"
            ]
        );
    }

    #[test]
    fn a_flood_of_parameters_is_not_answered_with_a_flood() {
        let query: Vec<_> = (0..10_000).map(|index| format!("p{index}=1")).collect();
        let faults = Reader::new(Some(&query.join("&"))).finish().expect_err("faults");
        assert_eq!(faults.len(), PARAMETERS_MAX + 1);
    }

    #[test]
    fn a_question_is_the_same_in_any_order() {
        let print = |query| Reader::new(Some(query)).fingerprint(&["cursor", "size"]);
        assert_eq!(print("q=a&tag=b&size=1"), print("tag=b&q=a&cursor=x"));
        assert_ne!(print("q=a&tag=b"), print("q=atag&=b"));
        assert_ne!(print("q=a"), print("q=b"));
    }

    #[test]
    fn a_link_asks_the_same_question() {
        let reader = Reader::new(Some("q=%22a+b%22&cursor=old&tag=%3E"));
        assert_eq!(reader.with("cursor", "new"), "q=%22a%20b%22&tag=%3E&cursor=new");
    }
}
