//! COPY's binary form (`PostgreSQL` documentation, COPY, "Binary Format").
//!
//! 1. A header, then rows, then an end.
//! 2. A row is its number of values, then each value: its length in bytes, or -1 for NULL, and its bytes, in network order.

use super::{Digest, Encoder, Json};

/// What comes first: the signature, no flags, no extension.
pub const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What comes last, in place of a row's number of values.
pub const END: &[u8; 2] = b"\xff\xff";
/// The version that begins a `jsonb`.
const JSONB: u8 = 1;

/// Rows in COPY's binary form, and what is remembered of them.
#[derive(Debug, Default)]
pub struct Binary {
    out: Vec<u8>,
    row: usize,
    digest: Digest,
}

impl Binary {
    /// What was written since the last call, and nothing else: [`HEADER`] and [`END`] are the caller's.
    pub fn take(&mut self, capacity: usize) -> Vec<u8> {
        std::mem::replace(&mut self.out, Vec::with_capacity(capacity))
    }

    /// How many bytes wait to be taken.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing waits to be taken.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// What is remembered of all rows so far.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// A value whose length is known when it is written.
    #[inline]
    fn measured(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let at = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        write(&mut self.out);
        let length = u32::try_from(self.out.len() - at - 4).unwrap_or(u32::MAX);
        self.out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }

    #[inline]
    fn fixed<const BYTES: usize>(&mut self, value: [u8; BYTES]) {
        self.out.extend_from_slice(&u32::try_from(BYTES).unwrap_or(u32::MAX).to_be_bytes());
        self.out.extend_from_slice(&value);
    }
}

impl Encoder for Binary {
    #[inline]
    fn begin(&mut self, columns: i16) {
        self.row = self.out.len();
        self.out.extend_from_slice(&columns.to_be_bytes());
    }

    #[inline]
    fn int2(&mut self, value: u64) {
        self.fixed(i16::try_from(value).unwrap_or(i16::MAX).to_be_bytes());
    }

    #[inline]
    fn int4(&mut self, value: i64) {
        self.fixed(i32::try_from(value).unwrap_or(i32::MAX).to_be_bytes());
    }

    #[inline]
    fn int8(&mut self, value: u64) {
        self.fixed(value.cast_signed().to_be_bytes());
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.fixed([u8::from(value)]);
    }

    #[inline]
    fn date(&mut self, days: i32) {
        self.fixed(days.to_be_bytes());
    }

    #[inline]
    fn time(&mut self, micros: i64) {
        self.fixed(micros.to_be_bytes());
    }

    #[inline]
    fn uuid(&mut self, value: u128) {
        self.fixed(value.to_be_bytes());
    }

    #[inline]
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.measured(write);
    }

    #[inline]
    fn json(&mut self, write: impl FnOnce(&mut Json<'_>)) {
        self.measured(|out| {
            out.push(JSONB);
            Json::object(out, write);
        });
    }

    #[inline]
    fn null(&mut self) {
        self.out.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    #[inline]
    fn end(&mut self) {
        self.digest.add(&self.out[self.row..]);
    }
}
