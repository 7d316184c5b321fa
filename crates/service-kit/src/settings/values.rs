//! The units that settings are written in.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// Text that is never printed: `Debug` shows a placeholder, and the memory is wiped on drop.
pub type Secret = secrecy::SecretString;

/// A length of time, written with its unit: `250ms`, `5s`, `10m`, `1h 30m`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Span(Duration);

/// Longer times are mistakes, and the clocks that they are added to have an end.
const LONGEST: Duration = Duration::from_hours(10 * 366 * 24);

/// A number of bytes, written with its unit: `64MiB`, `1GiB`, `500kB`, or plain `4096`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Size(u64);

impl Span {
    /// A span of whole seconds, for defaults.
    pub const fn seconds(count: u64) -> Self {
        Self(Duration::from_secs(count))
    }

    /// A span of milliseconds, for defaults.
    pub const fn milliseconds(count: u64) -> Self {
        Self(Duration::from_millis(count))
    }

    /// The duration itself.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl Size {
    /// A size in bytes, for defaults.
    pub const fn bytes(count: u64) -> Self {
        Self(count)
    }

    /// A size in mebibytes (1,048,576 bytes), for defaults.
    pub const fn mebibytes(count: u64) -> Self {
        Self(count * 1024 * 1024)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // humantime alone would take "0" but no other plain number: neither says its unit.
        if text == "0" || text.trim().is_empty() {
            return Err("a time needs a number and a unit, like 250ms, 5s or 10m".to_owned());
        }
        let span = humantime::parse_duration(text)
            .map_err(|_| "is not a time: write a number and a unit, like 250ms, 5s or 10m".to_owned())?;
        if span > LONGEST { Err("is longer than ten years".to_owned()) } else { Ok(Self(span)) }
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        bytesize::ByteSize::from_str(text)
            .map(|size| Self(size.as_u64()))
            .map_err(|_| "is not a size: write a number and a unit, like 512KiB, 64MiB or 1GiB".to_owned())
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_with_units() {
        for (text, milliseconds) in
            [("5s", 5_000), ("250ms", 250), ("10m", 600_000), ("0s", 0), ("1h 30m", 5_400_000)]
        {
            assert_eq!(text.parse::<Span>().map(|span| span.get().as_millis()), Ok(milliseconds), "{text}");
        }
        for text in [
            "",
            "5",
            "0",
            "-5s",
            "5 parsecs",
            "99999999999999999999s",
            "10000000000000000000s",
            "11years",
            "NaNs",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_written_with_units() {
        for (text, bytes) in
            [("64MiB", 67_108_864), ("1GiB", 1_073_741_824), ("500kB", 500_000), ("4096", 4096)]
        {
            assert_eq!(text.parse::<Size>().map(Size::get), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1MiB", "1 furlong"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
