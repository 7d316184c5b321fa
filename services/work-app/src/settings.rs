//! What the service is told from outside.
//!
//! 1. `PORT` is a plain variable.
//! 2. `GREETING`, `FAIL_RATE` and `READINESS_DELAY_SEC` come as they are or, with `_FILE` behind the name, as a file
//!    that holds them: one of the two.
//! 3. Every fault is noted by name, those inside the files too, before anything starts.
//! 4. A value from a file follows it: a bad new one keeps the old one (see `service_kit`).

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use service_kit::{Environment, Faults, Followed, FromEnvironment, Kit, Topic};

use crate::values::{FailRate, Greeting, ReadinessDelay};

/// The longest file in bytes that holds a setting.
const FILE_MAX: u64 = 1024 * 1024;

/// Everything that can be set.
#[derive(Debug)]
pub struct Settings {
    /// The TCP port that is listened on; 0 picks one.
    pub port: u16,
    /// What `/work` greets with.
    pub greeting: Source<Greeting>,
    /// How often `/work` fails.
    pub fail_rate: Source<FailRate>,
    /// How long `/readyz` says no.
    pub readiness_delay: Source<ReadinessDelay>,
}

/// Where a setting comes from.
#[derive(Debug)]
pub enum Source<T> {
    /// A variable or the default: it stays as it is.
    Fixed(T),
    /// A file, which may change.
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(default)]
struct Listen {
    port: u16,
}

impl Default for Listen {
    fn default() -> Self {
        Self { port: 8000 }
    }
}

impl Topic for Listen {}

impl FromEnvironment for Settings {
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let Listen { port } = environment.read(faults);
        // All are read before the first fault ends it.
        let greeting = Source::read("GREETING", environment, faults);
        let fail_rate = Source::read("FAIL_RATE", environment, faults);
        let readiness_delay = Source::read("READINESS_DELAY_SEC", environment, faults);
        Some(Self { port, greeting: greeting?, fail_rate: fail_rate?, readiness_delay: readiness_delay? })
    }
}

impl<T> Source<T>
where
    T: Default + FromStr<Err = &'static str> + Send + Sync + 'static,
{
    /// The setting `name`, or a note of why it cannot be used.
    fn read(name: &str, environment: &Environment, faults: &mut Faults) -> Option<Self> {
        let file_name = format!("{name}_FILE");
        match (environment.get(name), environment.get(&file_name)) {
            (None, None) => Some(Self::Fixed(T::default())),
            (Some(value), None) => faults.check(name, value.parse()).map(Self::Fixed),
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let sound = read_file(&path).and_then(|content| parse::<T>(&content));
                faults.check(&file_name, sound.map_err(|reason| format!("{}: {reason}", path.display())))?;
                Some(Self::File(path))
            }
            (Some(_), Some(_)) => {
                faults.add(file_name, format_args!("{name} is set as well: choose one"));
                None
            }
        }
    }

    /// The value, from now on as new as its file. `name` is what logs and metrics call it.
    pub fn follow(self, name: &'static str, kit: &mut Kit) -> anyhow::Result<Followed<T>> {
        match self {
            Self::Fixed(value) => Ok(Followed::fixed(value)),
            Self::File(path) => Ok(kit.follow(name, vec![path], |contents| parse(&contents.concat()))?),
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(FILE_MAX + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 > FILE_MAX {
        Err(format!("is longer than {FILE_MAX} bytes"))
    } else {
        Ok(content)
    }
}

/// A file's content as the value it holds, without the one line end that editors and `kubectl` leave there.
fn parse<T: FromStr<Err = &'static str>>(content: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(content).map_err(|_| "is not UTF-8".to_owned())?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    // A mounted file is empty for a moment where its writer is not careful; no setting here means anything empty.
    if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.parse()?) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (Option<Settings>, Vec<(String, String)>) {
        let mut faults = Faults::default();
        let environment = Environment::from_pairs(pairs.iter().copied());
        let settings = Settings::from_environment(&environment, &mut faults);
        (settings, faults.iter().map(|fault| (fault.name.clone(), fault.reason.clone())).collect())
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(content).expect("written");
        file
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let (settings, faults) = read(&[]);
        assert!(faults.is_empty());
        let settings = settings.expect("settings");
        assert_eq!(settings.port, 8000);
        assert!(matches!(settings.fail_rate, Source::Fixed(rate) if rate == FailRate::default()));
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let (empty, latin, rate) = (file(b""), file(b"\xe9"), file(b"1.5\n"));
        let path = |file: &tempfile::NamedTempFile| file.path().to_str().expect("UTF-8").to_owned();
        let (settings, faults) = read(&[
            ("PORT", "http"),
            ("GREETING_FILE", &path(&latin)),
            ("FAIL_RATE_FILE", &path(&rate)),
            ("READINESS_DELAY_SEC_FILE", &path(&empty)),
        ]);
        assert!(settings.is_none());
        let names: Vec<&str> = faults.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["PORT", "GREETING_FILE", "FAIL_RATE_FILE", "READINESS_DELAY_SEC_FILE"]);
        for ((_, reason), expected) in
            faults[1..].iter().zip(["is not UTF-8", "is not within 0 to 1", "is empty"])
        {
            assert!(reason.ends_with(expected), "{reason}");
        }
    }

    #[test]
    fn a_setting_comes_from_one_place() {
        let greeting = file(b"x");
        let path = greeting.path().to_str().expect("UTF-8");
        let (settings, faults) =
            read(&[("GREETING", "x"), ("GREETING_FILE", path), ("FAIL_RATE_FILE", "not/there")]);
        assert!(settings.is_none());
        assert_eq!(faults[0], ("GREETING_FILE".to_owned(), "GREETING is set as well: choose one".to_owned()));
        assert_eq!(faults[1].0, "FAIL_RATE_FILE");
    }

    #[test]
    fn one_line_end_is_not_part_of_the_value() {
        for content in ["hello", "hello\n", "hello\r\n"] {
            assert_eq!(parse::<Greeting>(content.as_bytes()), Ok(Greeting::default()), "{content:?}");
        }
        assert_ne!(parse::<Greeting>(b"hello\n\n"), Ok(Greeting::default()));
    }
}
