//! Lines out of chunks that break anywhere.
//!
//! 1. A line that lies in one chunk is given out of it without a copy; one that does not is put together, up to a bound.
//! 2. A line beyond the bound is told once, and the rest of it is passed over without being kept.
//! 3. `\n` and `\r\n` end a line, and so does the end; blank lines are none.

use std::mem;

use bytes::{Buf as _, Bytes};

/// What a body's lines are found with.
pub(super) struct Lines {
    /// What has not been looked at.
    chunk: Bytes,
    /// The beginning of a line that has not ended.
    begun: Vec<u8>,
    /// Whether the line at hand was told to be too long.
    skipping: bool,
    max: usize,
}

/// One line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Line {
    /// It has something other than blanks; its end is taken off.
    Whole(Bytes),
    /// It has more bytes than any may have.
    TooLong,
}

impl Lines {
    /// Lines of at most `max` bytes.
    pub fn new(max: usize) -> Self {
        Self { chunk: Bytes::new(), begun: Vec::new(), skipping: false, max }
    }

    /// Adds a chunk, once [`next`](Self::next) has nothing left of the last one.
    pub fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "the last chunk was not used up");
        self.chunk = chunk;
    }

    /// The next line that has ended.
    pub fn next(&mut self) -> Option<Line> {
        while !self.chunk.is_empty() {
            let Some(end) = memchr::memchr(b'\n', &self.chunk) else { return self.keep() };
            let rest = self.chunk.split_to(end);
            self.chunk.advance(1);
            if mem::take(&mut self.skipping) {
                continue;
            }
            if let Some(line) = self.ended(rest) {
                return Some(line);
            }
        }
        None
    }

    /// The last line, where the body did not end with a line's end.
    pub fn finish(&mut self) -> Option<Line> {
        if self.skipping { None } else { self.ended(Bytes::new()) }
    }

    /// Keeps what is left of the chunk, as long as it may become a line.
    fn keep(&mut self) -> Option<Line> {
        let rest = mem::take(&mut self.chunk);
        if self.skipping {
            return None;
        }
        // One more byte may be the \r of the line's end.
        if self.begun.len() + rest.len() > self.max + 1 {
            self.begun = Vec::new();
            self.skipping = true;
            return Some(Line::TooLong);
        }
        self.begun.extend_from_slice(&rest);
        None
    }

    /// A line whose last bytes are `rest`, unless it is blank.
    fn ended(&mut self, rest: Bytes) -> Option<Line> {
        let mut line = if self.begun.is_empty() {
            rest
        } else {
            let mut begun = mem::take(&mut self.begun);
            begun.extend_from_slice(&rest);
            Bytes::from(begun)
        };
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        if line.len() > self.max {
            return Some(Line::TooLong);
        }
        (!line.trim_ascii().is_empty()).then_some(Line::Whole(line))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lines of `body`, cut at `cuts`.
    fn lines(body: &[u8], cuts: &[usize], max: usize) -> Vec<Line> {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let (mut lines, mut found) = (Lines::new(max), Vec::new());
        for ends in cuts.windows(2) {
            lines.feed(Bytes::copy_from_slice(&body[ends[0]..ends[1]]));
            found.extend(std::iter::from_fn(|| lines.next()));
        }
        found.extend(lines.finish());
        found
    }

    fn whole(text: &'static str) -> Line {
        Line::Whole(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn ends_and_blanks() {
        let expected = [whole("a"), whole("b"), whole(" c "), whole("d")];
        assert_eq!(lines(b"a\nb\r\n\n \t\n\r\n c \nd", &[], 8), expected);
        assert_eq!(lines(b"a\nb\r\n\n \t\n\r\n c \nd\n", &[], 8), expected);
        assert_eq!(lines(b"", &[], 8), []);
    }

    #[test]
    fn a_line_may_be_as_long_as_the_bound_and_no_longer() {
        let body = b"12345678\n123456789\n12345678\r\n123456789012345678901234567890\nx\n123456789";
        let expected =
            [whole("12345678"), Line::TooLong, whole("12345678"), Line::TooLong, whole("x"), Line::TooLong];
        assert_eq!(lines(body, &[], 8), expected);
        for step in 1..body.len() {
            let cuts: Vec<_> = (0..body.len()).step_by(step).collect();
            assert_eq!(lines(body, &cuts, 8), expected, "every {step} bytes");
        }
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            body in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'x'), Just(b' ')], 0..80),
            cuts in prop::collection::vec(0_usize..100, 0..10),
        ) {
            prop_assert_eq!(lines(&body, &cuts, 5), lines(&body, &[], 5));
        }
    }
}
