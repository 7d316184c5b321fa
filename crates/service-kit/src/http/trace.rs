//! W3C Trace Context, level 1 (<https://www.w3.org/TR/trace-context/>): taken, carried on, never made up.

use std::fmt;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The trace that a request belongs to; a request extension where the client sent a sound `traceparent`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceContext {
    trace_id: [u8; 32],
    flags: [u8; 2],
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Reads `traceparent` and `tracestate`. What is not sound is as if it were absent (section 4.3).
    pub fn take(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let (parent, None) = (parents.next()?, parents.next()) else { return None };
        let (trace_id, flags) = parse(parent.as_bytes())?;
        Some(Self { trace_id, flags, state: headers.get(TRACESTATE).cloned() })
    }

    /// Writes the context of a call that this request causes: the same trace, a new parent.
    pub fn carry_on(&self, headers: &mut HeaderMap) {
        let mut value = Vec::with_capacity(55);
        value.extend_from_slice(b"00-");
        value.extend_from_slice(&self.trace_id);
        value.push(b'-');
        value.extend_from_slice(&hex::<8, 16>(rand::random()));
        value.push(b'-');
        value.extend_from_slice(&self.flags);
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(TRACEPARENT, value);
            if let Some(state) = &self.state {
                headers.insert(TRACESTATE, state.clone());
            }
        }
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        std::str::from_utf8(&self.trace_id).unwrap_or_default()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.trace_id())
    }
}

/// `version-traceid-parentid-flags`; a later version may go on behind a further `-`.
fn parse(value: &[u8]) -> Option<([u8; 32], [u8; 2])> {
    let (version, rest) = (value.get(..2)?, value.get(2..)?);
    let lower_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let trace_id: [u8; 32] = rest.get(1..33)?.try_into().ok()?;
    let parent_id = rest.get(34..50)?;
    let flags: [u8; 2] = rest.get(51..53)?.try_into().ok()?;
    let dashes = rest[0] == b'-' && rest[33] == b'-' && rest[50] == b'-';
    let ends = rest.len() == 53 || (version != b"00" && rest[53] == b'-');
    let zero = |part: &[u8]| part.iter().all(|byte| *byte == b'0');
    let sound = dashes
        && ends
        && version != b"ff"
        && [version, &trace_id, parent_id, &flags].into_iter().all(lower_hex)
        && !zero(&trace_id)
        && !zero(parent_id);
    sound.then_some((trace_id, flags))
}

/// Lower-case hexadecimal digits of `bytes`; `TEXT` is twice `BYTES`.
pub(super) fn hex<const BYTES: usize, const TEXT: usize>(bytes: [u8; BYTES]) -> [u8; TEXT] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    const { assert!(TEXT == 2 * BYTES) };
    std::array::from_fn(|place| {
        let byte = bytes[place / 2];
        DIGITS[usize::from(if place % 2 == 0 { byte >> 4 } else { byte & 15 })]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn take(values: &[&str]) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).expect("a header value"));
        }
        TraceContext::take(&headers)
    }

    #[test]
    fn the_trace_is_carried_on_under_a_new_parent() {
        let context = take(&[SOUND]).expect("it is sound");
        let mut headers = HeaderMap::new();
        context.carry_on(&mut headers);
        let carried = headers[TRACEPARENT].to_str().expect("text");
        assert!(carried.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && carried.ends_with("-01"));
        assert_ne!(carried, SOUND);
        assert_eq!(take(&[carried]), Some(context));
    }

    #[test]
    fn what_is_not_sound_is_as_if_absent() {
        assert!(take(&["01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"]).is_some());
        for unsound in [
            "",
            "00",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert!(take(&[unsound]).is_none(), "{unsound}");
        }
        assert!(take(&[SOUND, SOUND]).is_none(), "two parents are none");
    }
}
