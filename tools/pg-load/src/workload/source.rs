//! Which workload: `mixed`, `mixed=3`, `my.yaml=7`.
//!
//! 1. What stands before the last `=`, if a number stands behind it, is a name of ours or a path.
//! 2. A file is read up to [`LARGEST`] bytes.

use std::fs::File;
use std::io::Read as _;
use std::str::FromStr;

use super::{Script, WorkloadError};

/// Bytes that a workload's file may have.
const LARGEST: u64 = 1024 * 1024;

/// The workloads that come with the tool: the same format as a file's.
pub const BUILTIN: [(&str, &str); 6] = [
    ("mixed", include_str!("builtin/mixed.yaml")),
    ("read", include_str!("builtin/read.yaml")),
    ("write", include_str!("builtin/write.yaml")),
    ("tpcb-like", include_str!("builtin/tpcb-like.yaml")),
    ("simple-update", include_str!("builtin/simple-update.yaml")),
    ("select-only", include_str!("builtin/select-only.yaml")),
];

/// A workload as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// A name of ours, or a path.
    pub name: String,
    /// Its weight beside others.
    pub weight: f64,
}

impl FromStr for Source {
    type Err = WorkloadError;

    fn from_str(given: &str) -> Result<Self, WorkloadError> {
        let fault =
            |reason: &str| WorkloadError::Choice { given: given.to_owned(), reason: reason.to_owned() };
        let weighed =
            given.rsplit_once('=').and_then(|(name, weight)| Some((name, weight.parse::<f64>().ok()?)));
        let (name, weight) = weighed.unwrap_or((given, 1.0));
        if name.is_empty() {
            return Err(fault("it names nothing"));
        }
        if !(weight > 0.0 && weight.is_finite()) {
            return Err(fault("a weight is above 0"));
        }
        Ok(Self { name: name.to_owned(), weight })
    }
}

/// Reads all that are asked for.
pub fn read(sources: &[Source]) -> Result<Vec<(Script, f64)>, WorkloadError> {
    sources.iter().map(|source| Ok((read_one(&source.name)?, source.weight))).collect()
}

fn read_one(name: &str) -> Result<Script, WorkloadError> {
    if let Some((_, text)) = BUILTIN.iter().find(|(known, _)| *known == name) {
        return Script::parse(name, text);
    }
    let fault = |reason: String| WorkloadError::Choice { given: name.to_owned(), reason };
    let mut text = String::new();
    let opened = File::open(name).map_err(|error| {
        let names: Vec<_> = BUILTIN.iter().map(|(name, _)| *name).collect();
        fault(format!("neither one of {} nor a file ({error})", names.join(", ")))
    })?;
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| fault(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(fault(format!("the file has more than {LARGEST} bytes")));
    }
    Script::parse(name, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_weights() {
        let read = |given: &str| given.parse::<Source>().map(|source| (source.name, source.weight));
        assert_eq!(read("mixed").expect("a name"), ("mixed".to_owned(), 1.0));
        assert_eq!(read("mixed=2.5").expect("a weight"), ("mixed".to_owned(), 2.5));
        assert_eq!(read("a=b.yaml").expect("a path"), ("a=b.yaml".to_owned(), 1.0));
        for wrong in ["", "=1", "mixed=0", "mixed=-1", "mixed=inf", "mixed=NaN"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_builtin_ones_are_sound() {
        for (name, _) in BUILTIN {
            read_one(name).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    #[test]
    fn what_is_nowhere_is_named() {
        let error = read_one("no-such.yaml").expect_err("it is not there").to_string();
        assert!(error.contains("no-such.yaml") && error.contains("tpcb-like"), "{error}");
    }
}
