//! The rows in what COPY sends back, in its binary form.
//!
//! 1. Bytes come in pieces of any size; what does not hold a whole row yet waits for the next piece.
//! 2. The header is checked, and each length is held against what a row can be: a server that sends nonsense costs a
//!    bounded amount of memory.

use super::Digest;
use super::binary::{END, HEADER};

/// The longest row that is waited for.
const LONGEST: usize = 64 << 20;

/// Finds rows, and remembers what [`Digest`] does.
#[derive(Debug, Default)]
pub struct Tuples {
    waiting: Vec<u8>,
    state: State,
    digest: Digest,
}

#[derive(Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    Header,
    Rows,
    Ended,
}

/// What came is not COPY's binary form: the server, or what stands before it, is not what it says it is.
#[derive(Debug, thiserror::Error)]
#[error("what COPY sent cannot be read: {0}")]
pub struct Garbled(&'static str);

impl Tuples {
    /// Takes the next piece.
    pub fn feed(&mut self, piece: &[u8]) -> Result<(), Garbled> {
        if self.waiting.is_empty() {
            let rest = self.consume(piece)?;
            self.waiting.extend_from_slice(&piece[rest..]);
            return Ok(());
        }
        self.waiting.extend_from_slice(piece);
        let waiting = std::mem::take(&mut self.waiting);
        let rest = self.consume(&waiting)?;
        self.waiting = waiting;
        self.waiting.drain(..rest);
        if self.waiting.len() > LONGEST { Err(Garbled("a row is too long")) } else { Ok(()) }
    }

    /// What is remembered of all rows, once the last piece was taken.
    pub fn finish(self) -> Result<Digest, Garbled> {
        if self.state == State::Ended && self.waiting.is_empty() {
            Ok(self.digest)
        } else {
            Err(Garbled("it ends too early"))
        }
    }

    /// Takes whole rows from the beginning of `bytes`; gives where the rest begins.
    fn consume(&mut self, bytes: &[u8]) -> Result<usize, Garbled> {
        let mut at = 0;
        if self.state == State::Header {
            let Some(header) = bytes.get(..HEADER.len()) else { return Ok(0) };
            if header != HEADER {
                return Err(Garbled("it does not begin as it should"));
            }
            self.state = State::Rows;
            at = HEADER.len();
        }
        while self.state == State::Rows {
            let row = &bytes[at..];
            if row.get(..2) == Some(END) {
                self.state = State::Ended;
                at += 2;
                break;
            }
            let Some(length) = length_of_row(row)? else { return Ok(at) };
            self.digest.add(&row[..length]);
            at += length;
        }
        if at < bytes.len() { Err(Garbled("it goes on behind its end")) } else { Ok(at) }
    }
}

/// How long the row is that begins here; nothing while its end is not there yet.
fn length_of_row(row: &[u8]) -> Result<Option<usize>, Garbled> {
    let Some(columns) = row.first_chunk::<2>() else { return Ok(None) };
    let columns = i16::from_be_bytes(*columns);
    if columns < 0 {
        return Err(Garbled("a row has a negative number of values"));
    }
    let mut at = 2;
    for _ in 0..columns {
        let Some(length) = row.get(at..).and_then(<[u8]>::first_chunk::<4>) else { return Ok(None) };
        at += 4;
        match i32::from_be_bytes(*length) {
            -1 => {}
            length => at += usize::try_from(length).map_err(|_| Garbled("a value has a negative length"))?,
        }
        if at > LONGEST {
            return Err(Garbled("a row is too long"));
        }
    }
    Ok((row.len() >= at).then_some(at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::shop::encode::{Binary, Encoder as _};

    fn copy(values: &[(u64, String)]) -> (Vec<u8>, Digest) {
        let mut binary = Binary::default();
        for (number, text) in values {
            binary.begin(3);
            binary.int8(*number);
            binary.null();
            binary.text(text);
            binary.end();
        }
        let digest = binary.digest();
        ([HEADER.as_slice(), &binary.take(0), END].concat(), digest)
    }

    proptest! {
        #[test]
        fn what_was_sent_is_found_in_pieces_of_any_size(values: Vec<(u64, String)>, size in 1_usize..50) {
            let (bytes, digest) = copy(&values);
            let mut tuples = Tuples::default();
            for piece in bytes.chunks(size) {
                tuples.feed(piece).expect("sound");
            }
            prop_assert_eq!(tuples.finish().expect("whole"), digest);
            let mut whole = Tuples::default();
            whole.feed(&bytes).expect("sound");
            prop_assert_eq!(whole.finish().expect("whole"), digest);
        }

        #[test]
        fn nonsense_is_told_of(bytes: Vec<u8>, begins_well: bool, size in 1_usize..50) {
            let bytes = if begins_well { [HEADER.as_slice(), &bytes].concat() } else { bytes };
            let mut tuples = Tuples::default();
            for piece in bytes.chunks(size) {
                if tuples.feed(piece).is_err() {
                    return Ok(());
                }
            }
            if let Ok(digest) = tuples.finish() {
                prop_assert!(bytes.starts_with(HEADER) && bytes.ends_with(END));
                prop_assert!(digest.rows * 2 <= bytes.len() as u64);
            }
        }
    }
}
