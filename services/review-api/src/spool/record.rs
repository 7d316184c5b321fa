//! One record of the spool, as it lies in a segment.
//!
//! 1. A header of [`HEADER`] bytes, little endian: magic (3), kind (1), length of the payload (4), sequence number (8),
//!    CRC-32 of the payload (4), CRC-32 of the header until here (4).
//! 2. The payload: the [`Document`] as JSON.
//!
//! The header has a checksum of its own, so that a damaged payload still tells where the next record begins. The magic
//! starts with 0xFF, which no UTF-8 has: whatever a client writes into a review, it never looks like a record.

use crate::review::Document;

/// Bytes before the payload.
pub(super) const HEADER: usize = 24;
/// The longest payload. A review is at most a fifth of it; a longer length is damage.
pub(super) const PAYLOAD_MAX: usize = 1024 * 1024;
/// The first byte of every record and of nothing else.
pub(super) const MARK: u8 = 0xFF;

const MAGIC: [u8; 3] = [MARK, b'r', b'v'];
/// The payload is a document as JSON. What a later version writes otherwise has a higher one.
const KIND: u8 = 1;

/// A document made ready for the log, except for its place in it.
#[derive(Debug)]
pub(super) struct Encoded {
    payload: Vec<u8>,
    crc: u32,
}

impl Encoded {
    /// Encodes `document`; fails where it is too long for a record.
    pub(super) fn of(document: &Document) -> Result<Self, String> {
        let payload = serde_json::to_vec(document).map_err(|error| error.to_string())?;
        if payload.len() > PAYLOAD_MAX {
            return Err(format!("a record of {} bytes is more than {PAYLOAD_MAX}", payload.len()));
        }
        Ok(Self::raw(payload))
    }

    /// Any payload that is short enough.
    pub(super) fn raw(payload: Vec<u8>) -> Self {
        let crc = crc32fast::hash(&payload);
        Self { payload, crc }
    }

    /// Bytes that it takes in the log.
    pub(super) fn len(&self) -> usize {
        HEADER + self.payload.len()
    }

    /// Appends it to `out` as record number `sequence`.
    #[expect(clippy::cast_possible_truncation, reason = "a payload is at most PAYLOAD_MAX")]
    pub(super) fn write(&self, sequence: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.push(KIND);
        out.extend_from_slice(&(self.payload.len() as u32).to_le_bytes());
        out.extend_from_slice(&sequence.to_le_bytes());
        out.extend_from_slice(&self.crc.to_le_bytes());
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&self.payload);
    }
}

/// What a sound header says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header {
    kind: u8,
    pub sequence: u64,
    /// Bytes of the payload.
    pub length: usize,
    crc: u32,
}

impl Header {
    /// Reads the header at the start of `bytes`; none where it is cut short or damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        let [body @ .., c0, c1, c2, c3] = bytes;
        if body[..3] != MAGIC || crc32fast::hash(body) != u32::from_le_bytes([*c0, *c1, *c2, *c3]) {
            return None;
        }
        let length = u32::from_le_bytes(*body[4..].first_chunk()?) as usize;
        let sequence = u64::from_le_bytes(*body[8..].first_chunk()?);
        let crc = u32::from_le_bytes(*body[16..].first_chunk()?);
        (length <= PAYLOAD_MAX).then_some(Self { kind: body[3], sequence, length, crc })
    }

    /// Whether a later version wrote it.
    pub(super) fn is_newer(&self) -> bool {
        self.kind > KIND
    }

    /// Whether `payload` is the one that was written with it, and of a kind that is known.
    pub(super) fn fits(&self, payload: &[u8]) -> bool {
        self.kind == KIND && payload.len() == self.length && crc32fast::hash(payload) == self.crc
    }
}

/// The document in a sound payload; none where it is something else.
pub(super) fn decode(payload: &[u8]) -> Option<Document> {
    serde_json::from_slice(payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::tests::document;

    #[test]
    fn a_record_is_read_back_and_every_flipped_bit_is_seen() {
        let written = document("r1", "mild \u{1F95B} \"quoted\"\n");
        let encoded = Encoded::of(&written).expect("short");
        let mut bytes = Vec::new();
        encoded.write(7, &mut bytes);
        assert_eq!(bytes.len(), encoded.len());
        let header = Header::read(&bytes).expect("sound");
        assert_eq!((header.sequence, header.length), (7, bytes.len() - HEADER));
        assert!(header.fits(&bytes[HEADER..]));
        assert_eq!(decode(&bytes[HEADER..]), Some(written));

        for position in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[position / 8] ^= 1 << (position % 8);
            let sound = Header::read(&damaged).is_some_and(|header| header.fits(&damaged[HEADER..]));
            assert!(!sound, "bit {position}");
        }
    }

    #[test]
    fn a_payload_never_looks_like_a_record() {
        let mut bytes = Vec::new();
        Encoded::of(&document("r1", "\u{FF}rv \u{7F}\u{FFFF}")).expect("short").write(1, &mut bytes);
        assert!(!bytes[HEADER..].contains(&MARK));
    }
}
