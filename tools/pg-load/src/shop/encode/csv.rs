//! COPY's CSV form, for other loaders to be compared with.
//!
//! A value is quoted where it must be; NULL is nothing between two commas. Times are told in UTC.

use std::io::Write as _;

use jiff::civil::date;
use jiff::{SignedDuration, Span};

use super::{Encoder, Json, push_number};

/// Rows in COPY's CSV form.
#[derive(Debug, Default)]
pub struct Csv {
    out: Vec<u8>,
    scratch: Vec<u8>,
    is_first: bool,
}

impl Csv {
    /// What was written since the last call.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// How many bytes wait to be taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    fn value(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_first) {
            self.out.push(b',');
        }
        &mut self.out
    }

    fn displayed(&mut self, value: impl std::fmt::Display) {
        let _ = write!(self.value(), "{value}"); // memory takes it
    }

    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut value = std::mem::take(&mut self.scratch);
        value.clear();
        write(&mut value);
        let out = self.value();
        if value.is_empty() || value.iter().any(|byte| b",\"\r\n\\".contains(byte)) {
            out.push(b'"');
            for byte in &value {
                out.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(&value);
        }
        self.scratch = value;
    }
}

impl Encoder for Csv {
    fn begin(&mut self, _columns: i16) {
        self.is_first = true;
    }

    fn int2(&mut self, value: u64) {
        push_number(self.value(), value);
    }

    fn int4(&mut self, value: i64) {
        self.displayed(value);
    }

    fn int8(&mut self, value: u64) {
        push_number(self.value(), value);
    }

    fn boolean(&mut self, value: bool) {
        self.value().push(if value { b't' } else { b'f' });
    }

    fn date(&mut self, days: i32) {
        let date = date(2000, 1, 1).saturating_add(Span::new().days(days));
        self.displayed(date);
    }

    fn time(&mut self, micros: i64) {
        let time = date(2000, 1, 1).at(0, 0, 0, 0).saturating_add(SignedDuration::from_micros(micros));
        self.displayed(format_args!("{time}+00"));
    }

    fn uuid(&mut self, value: u128) {
        let part = |shift: u32, bits: u32| (value >> shift) & ((1 << bits) - 1);
        self.displayed(format_args!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 32),
            part(80, 16),
            part(64, 16),
            part(48, 16),
            part(0, 48)
        ));
    }

    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.quoted(write);
    }

    fn json(&mut self, write: impl FnOnce(&mut Json<'_>)) {
        self.quoted(|out| Json::object(out, write));
    }

    fn null(&mut self) {
        self.value();
    }

    fn end(&mut self) {
        self.out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_server_reads_it() {
        let mut csv = Csv::default();
        csv.begin(9);
        csv.int4(-7);
        csv.null();
        csv.text("plain");
        csv.text("");
        csv.text("with \"quotes\", and a comma");
        csv.json(|object| {
            object.number("n", 1);
        });
        csv.time(1_500_000);
        csv.date(9_132);
        csv.uuid(0x0123_4567_89ab_4cde_8f01_2345_6789_abcd);
        csv.end();
        assert_eq!(
            String::from_utf8(csv.take()).expect("text"),
            "-7,,plain,\"\",\"with \"\"quotes\"\", and a comma\",\"{\"\"n\"\": 1}\",2000-01-01T00:00:01.5+00,\
             2025-01-01,01234567-89ab-4cde-8f01-23456789abcd\n"
        );
    }
}
