//! The three settings as types that cannot hold a wrong value.
//!
//! 1. A text from a variable or a file is parsed once, when it arrives.
//! 2. What refuses it says what would be right, and never shows a greeting, which is a secret.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;

/// The longest greeting in bytes: more is a file named by mistake.
const GREETING_MAX: usize = 64 * 1024;

/// The probability with which work fails, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailRate(f64);

/// How long the service is not ready after its start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadinessDelay(Duration);

/// The body of an answer that greets, with the greeting in it.
#[derive(Clone, Eq, PartialEq)]
pub struct Greeting(Bytes);

impl FailRate {
    /// The probability.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Default for FailRate {
    fn default() -> Self {
        Self(0.02)
    }
}

impl FromStr for FailRate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rate: f64 = text.trim().parse().map_err(|_| "is not a number from 0 to 1")?;
        // NaN is in no range.
        if (0.0..=1.0).contains(&rate) { Ok(Self(rate)) } else { Err("is not within 0 to 1") }
    }
}

impl ReadinessDelay {
    /// The time from the start.
    pub fn get(self) -> Duration {
        self.0
    }
}

impl Default for ReadinessDelay {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

impl FromStr for ReadinessDelay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds: f64 = text.trim().parse().map_err(|_| "is not a number of seconds, like 10 or 0.5")?;
        let refused = |_| "is not a number of seconds from 0 to 584 billion years";
        Duration::try_from_secs_f64(seconds).map(Self).map_err(refused)
    }
}

impl Greeting {
    /// The whole body: JSON as Flask's `jsonify` prints it.
    pub fn body(&self) -> Bytes {
        self.0.clone()
    }
}

impl Default for Greeting {
    fn default() -> Self {
        Self(greet("hello"))
    }
}

impl FromStr for Greeting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > GREETING_MAX {
            return Err("is longer than 65536 bytes");
        }
        Ok(Self(greet(text)))
    }
}

impl fmt::Debug for Greeting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Greeting([REDACTED])")
    }
}

/// `jsonify(ok=True, greeting=text)`: keys sorted, no spaces, a line end.
fn greet(text: &str) -> Bytes {
    let mut body = String::with_capacity(text.len() + 32);
    body.push_str("{\"greeting\":");
    push_json_string(text, &mut body);
    body.push_str(",\"ok\":true}\n");
    Bytes::from(body)
}

/// A JSON string as Python's `json.dumps` writes it: everything beyond printable ASCII as `\u` and UTF-16.
fn push_json_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    // Writing into a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fail_rate_is_a_probability() {
        for (text, rate) in
            [("0", 0.0), ("1", 1.0), ("0.02", 0.02), (" 2e-2\n", 0.02), ("-0", 0.0), (".5", 0.5)]
        {
            assert_eq!(text.parse::<FailRate>().map(FailRate::get), Ok(rate), "{text:?}");
        }
        for text in ["", "x", "NaN", "inf", "-inf", "-0.1", "1.0000001", "2%", "0,5", "0x1"] {
            assert!(text.parse::<FailRate>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_readiness_delay_is_a_time_that_can_pass() {
        for (text, milliseconds) in [("10", 10_000), ("0", 0), ("0.25", 250), (" 1e1\n", 10_000)] {
            assert_eq!(
                text.parse::<ReadinessDelay>().map(|delay| delay.get().as_millis()),
                Ok(milliseconds),
                "{text:?}"
            );
        }
        for text in ["", "10s", "NaN", "inf", "-1", "1e300"] {
            assert!(text.parse::<ReadinessDelay>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_greeting_is_written_as_python_writes_it() {
        let body = |text: &str| text.parse::<Greeting>().expect("a greeting").body();
        assert_eq!(body("hello"), "{\"greeting\":\"hello\",\"ok\":true}\n");
        assert_eq!(
            body("é\u{1f600}\"\\</\u{7f}\u{1}\n\r\t\u{8}\u{c}"),
            "{\"greeting\":\"\\u00e9\\ud83d\\ude00\\\"\\\\</\\u007f\\u0001\\n\\r\\t\\b\\f\",\"ok\":true}\n"
        );
        assert!("x".repeat(GREETING_MAX + 1).parse::<Greeting>().is_err());
    }

    #[test]
    fn a_greeting_is_not_printed() {
        assert!(!format!("{:?}", "hunter2".parse::<Greeting>()).contains("hunter2"));
    }

    proptest! {
        #[test]
        fn every_greeting_is_ascii_json_that_means_the_text(text: String) {
            let body = text.parse::<Greeting>().expect("a greeting").body();
            let parsed: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
            prop_assert!(body.is_ascii());
            prop_assert_eq!(parsed["greeting"].as_str(), Some(text.as_str()));
        }

        #[test]
        fn no_text_becomes_a_rate_outside_0_to_1(text: String, number: f64) {
            for text in [text, number.to_string()] {
                if let Ok(rate) = text.parse::<FailRate>() {
                    prop_assert!((0.0..=1.0).contains(&rate.get()));
                }
            }
        }
    }
}
