//! Several ranges in one answer: the frames of multipart/byteranges (RFC 9110 §14.6).
//!
//! 1. Each range is one part: a boundary, the representation's type, its `Content-Range`, and its bytes.
//! 2. All frames are known before the first byte is read, and with them the length of the answer.
//! 3. Where that would be no shorter than the representation, there is no multipart: the whole is sent instead.

use bytes::Bytes;

use super::range::ByteRange;

/// An answer of several parts.
#[derive(Debug, Clone)]
pub struct Multipart {
    parts: Vec<Part>,
    end: Bytes,
    length: u64,
    content_type: String,
}

/// One part: its frame, and then the bytes of its range.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is sent before the bytes.
    pub frame: Bytes,
    /// The bytes to send.
    pub range: ByteRange,
}

impl Multipart {
    /// Frames `ranges` of a representation of `size` bytes; `boundary` must not occur in it, so it is random.
    /// None where sending the whole costs no more.
    pub fn new(
        ranges: &[ByteRange],
        size: u64,
        content_type: Option<&http::HeaderValue>,
        boundary: u128,
    ) -> Option<Self> {
        let boundary = format!("{boundary:032x}");
        let part = |(at, range): (usize, &ByteRange)| {
            let mut frame = Vec::with_capacity(160);
            // The line before a boundary belongs to it; before the first there is none.
            frame.extend_from_slice(if at == 0 { b"--" } else { b"\r\n--" });
            frame.extend_from_slice(boundary.as_bytes());
            if let Some(content_type) = content_type {
                frame.extend_from_slice(b"\r\nContent-Type: ");
                frame.extend_from_slice(content_type.as_bytes());
            }
            frame.extend_from_slice(b"\r\nContent-Range: ");
            frame.extend_from_slice(range.content_range(size).as_bytes());
            frame.extend_from_slice(b"\r\n\r\n");
            Part { frame: frame.into(), range: *range }
        };
        let parts: Vec<Part> = ranges.iter().enumerate().map(part).collect();
        let end = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        let length = parts.iter().try_fold(count(&end), |sum: u64, part| {
            sum.checked_add(count(&part.frame))?.checked_add(part.range.len())
        })?;
        let content_type = format!("multipart/byteranges; boundary={boundary}");
        (length < size).then_some(Self { parts, end, length, content_type })
    }

    /// The parts, in the order to send them.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What is sent after the last part.
    pub fn end(&self) -> &Bytes {
        &self.end
    }

    /// The `Content-Length` of the answer.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The `Content-Type` of the answer.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}

fn count(bytes: &Bytes) -> u64 {
    // A frame is a few hundred bytes.
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn range(first: u64, last: u64) -> ByteRange {
        ByteRange::new(first, last, u64::MAX).unwrap()
    }

    fn written(multipart: &Multipart, body: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        for part in multipart.parts() {
            all.extend_from_slice(&part.frame);
            let (first, last) = (part.range.first(), part.range.last());
            all.extend_from_slice(&body[usize::try_from(first).unwrap()..=usize::try_from(last).unwrap()]);
        }
        all.extend_from_slice(multipart.end());
        all
    }

    #[test]
    fn the_example_of_the_rfc() {
        let pdf = HeaderValue::from_static("application/pdf");
        let multipart =
            Multipart::new(&[range(500, 501), range(7000, 7001)], 8000, Some(&pdf), 0xabc).unwrap();
        let body = vec![b'x'; 8000];
        let boundary = "00000000000000000000000000000abc";
        let expected = format!(
            "--{boundary}\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-501/8000\r\n\r\nxx\r\n\
             --{boundary}\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7001/8000\r\n\r\nxx\r\n\
             --{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(written(&multipart, &body)).unwrap(), expected);
        assert_eq!(multipart.length(), expected.len() as u64);
        assert_eq!(multipart.content_type(), format!("multipart/byteranges; boundary={boundary}"));
    }

    #[test]
    fn what_would_be_longer_than_the_whole_is_not_framed() {
        assert!(Multipart::new(&[range(0, 99), range(150, 200)], 300, None, 1).is_none());
        assert!(Multipart::new(&[range(0, 0), range(200, 200)], 3000, None, 1).is_some());
        let huge = HeaderValue::from_str(&"x".repeat(5000)).unwrap();
        assert!(Multipart::new(&[range(0, 0), range(200, 200)], 3000, Some(&huge), 1).is_none());
        assert!(
            Multipart::new(&[range(0, u64::MAX - 2), range(0, u64::MAX - 2)], u64::MAX, None, 1).is_none()
        );
    }

    proptest! {
        #[test]
        fn the_length_is_that_of_what_is_written(starts in prop::collection::vec(0u64..3000, 1..6)) {
            let ranges: Vec<_> = starts.iter().map(|first| range(*first, first + 9)).collect();
            let body = vec![0; 4000];
            let multipart = Multipart::new(&ranges, 4000, None, 7).unwrap();
            prop_assert_eq!(written(&multipart, &body).len() as u64, multipart.length());
        }
    }
}
