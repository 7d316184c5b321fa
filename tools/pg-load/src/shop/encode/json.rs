//! A JSON object, byte for byte as `jsonb` is printed, so that a checksum of what was sent is one of what is kept.
//!
//! `jsonb` keeps members by the length of their names, then by their bytes (`PostgreSQL` source, `lengthCompareJsonbString`),
//! and prints a space behind each colon and comma.

use super::push_number;

/// An object in the making.
#[derive(Debug)]
pub struct Json<'a> {
    out: &'a mut Vec<u8>,
    last: &'static str,
}

impl<'a> Json<'a> {
    /// Appends an object with what `write` says.
    #[inline]
    pub fn object(out: &'a mut Vec<u8>, write: impl FnOnce(&mut Json<'_>)) {
        out.push(b'{');
        let mut object = Json { out, last: "" };
        write(&mut object);
        object.out.push(b'}');
    }

    /// A number.
    #[inline]
    pub fn number(&mut self, name: &'static str, value: u64) -> &mut Self {
        push_number(self.member(name), value);
        self
    }

    /// A string that `write` appends. It must need no escapes: our own words and numbers do not.
    #[inline]
    pub fn written(&mut self, name: &'static str, write: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        let out = self.member(name);
        out.push(b'"');
        let begin = out.len();
        write(out);
        debug_assert!(
            out[begin..].iter().all(|byte| *byte >= b' ' && !b"\"\\".contains(byte)),
            "{name} needs escapes"
        );
        out.push(b'"');
        self
    }

    /// A string, which must need no escapes.
    #[inline]
    pub fn string(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.written(name, |out| out.extend_from_slice(value.as_bytes()))
    }

    /// `true` or `false`.
    #[inline]
    pub fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.member(name).extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    #[inline]
    fn member(&mut self, name: &'static str) -> &mut Vec<u8> {
        debug_assert!((self.last.len(), self.last) < (name.len(), name), "{name} comes before {}", self.last);
        if !self.last.is_empty() {
            self.out.extend_from_slice(b", ");
        }
        self.last = name;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\": ");
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_server_prints_it() {
        let mut out = Vec::new();
        Json::object(&mut out, |object| {
            object.number("a", 1).flag("b", true).string("long", "ö");
        });
        Json::object(&mut out, |_| {});
        assert_eq!(String::from_utf8(out).expect("text"), r#"{"a": 1, "b": true, "long": "ö"}{}"#);
    }
}
