//! Objectives in a YAML file.
//!
//! ```yaml
//! version: 1
//! objectives:
//!   - p99<200ms
//!   - errors<0.1%
//! ```
//!
//! 1. The file is read to a bound of [`LARGEST`]; another version, an unknown field or no objective at all is refused.
//! 2. Every line that cannot be understood is named, not only the first.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

use super::{Objective, SloError};

/// Bytes that a file of objectives may have.
const LARGEST: u64 = 64 * 1024;
/// The version that is understood.
const VERSION: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Objectives {
    version: u32,
    objectives: Vec<String>,
}

/// The objectives of a file.
pub fn read(path: &Path) -> Result<Vec<Objective>, SloError> {
    let wrong = |reason: String| SloError::File(format!("{}: {reason}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(wrong(format!("larger than {LARGEST} bytes")));
    }
    parse(&text).map_err(|error| wrong(error.to_string()))
}

fn parse(text: &str) -> Result<Vec<Objective>, SloError> {
    let file: Objectives = serde_norway::from_str(text).map_err(|error| SloError::File(error.to_string()))?;
    if file.version != VERSION {
        return Err(SloError::File(format!("version {} is not known, only {VERSION}", file.version)));
    }
    if file.objectives.is_empty() {
        return Err(SloError::File("it has no objectives".to_owned()));
    }
    let (mut objectives, mut faults) = (Vec::new(), Vec::new());
    for line in &file.objectives {
        match line.parse::<Objective>() {
            Ok(objective) => objectives.push(objective),
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    if faults.is_empty() { Ok(objectives) } else { Err(SloError::File(faults.join("; "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_file() {
        let read = parse("version: 1\nobjectives:\n  - p99<200ms\n  - errors<0.1%\n").expect("it is sound");
        let printed: Vec<_> = read.iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["p99<200ms", "errors<0.1%"]);
    }

    #[test]
    fn names_everything_that_is_wrong() {
        let wrong = |text| parse(text).expect_err(text).to_string();
        let both = wrong("version: 1\nobjectives: [p98<1ms, p99<1, tps>1]\n");
        assert!(both.contains("`p98`") && both.contains("`1`"), "{both}");
        assert!(wrong("version: 2\nobjectives: [tps>1]\n").contains("version 2"));
        assert!(wrong("version: 1\nobjectives: []\n").contains("no objectives"));
        assert!(wrong("version: 1\nobjective: []\n").contains("unknown field"));
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("no-such-file.yaml")).expect_err("it is not there").to_string();
        assert!(error.contains("no-such-file.yaml"), "{error}");
    }
}
