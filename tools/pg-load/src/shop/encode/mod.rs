//! Rows as bytes, in the two forms that COPY takes here.
//!
//! 1. A table's generator tells an [`Encoder`] value after value.
//! 2. [`Binary`] is what is sent: the server need not read numbers and times from text.
//! 3. [`Csv`] is for other loaders to be compared with.
//! 4. [`digest`]: what is remembered of the rows, whatever their order. [`Tuples`] finds them in what COPY sends back.

pub mod binary;
pub mod csv;
pub mod digest;
pub mod json;
pub mod tuples;

pub use binary::Binary;
pub use csv::Csv;
pub use digest::Digest;
pub use json::Json;
pub use tuples::Tuples;

/// Takes a row, value by value, in the order of the table's columns.
pub trait Encoder {
    /// Begins a row of so many values.
    fn begin(&mut self, columns: i16);
    /// A `smallint`.
    fn int2(&mut self, value: u64);
    /// An `integer`.
    fn int4(&mut self, value: i64);
    /// A `bigint`.
    fn int8(&mut self, value: u64);
    /// A `boolean`.
    fn boolean(&mut self, value: bool);
    /// A `date`, in days since 2000-01-01.
    fn date(&mut self, days: i32);
    /// A `timestamptz`, in microseconds since 2000-01-01 00:00 UTC.
    fn time(&mut self, micros: i64);
    /// A `uuid`.
    fn uuid(&mut self, value: u128);
    /// A `text`, or the label of an enum.
    fn text(&mut self, value: &str) {
        self.written(|out| out.extend_from_slice(value.as_bytes()));
    }
    /// A `text` that `write` appends.
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>));
    /// A `jsonb` object, its members in the order that the server keeps them in.
    fn json(&mut self, write: impl FnOnce(&mut Json<'_>));
    /// NULL.
    fn null(&mut self);
    /// Ends the row.
    fn end(&mut self);
}

/// Appends `number` in decimal digits.
#[inline]
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
