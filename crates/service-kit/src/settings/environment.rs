//! The variables a service was started with, and how they become structs.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Faults;

/// A secret longer than this is a file named by mistake.
const SECRET_FILE_MAX: u64 = 64 * 1024;

/// A copy of the environment: the process's own, a test's, or either overlaid with command-line flags.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// Settings that belong together: a struct with `#[serde(default)]`, so that each field can do without the
/// others and a fault in one never hides a fault in the next.
pub trait Topic: DeserializeOwned + Default {
    /// The variables that may also come as `NAME_FILE`.
    const SECRETS: &'static [&'static str] = &[];
}

/// All that a service is told from outside.
pub trait FromEnvironment: Sized {
    /// Reads every topic, adding what is wrong to `faults`. `None` only with at least one fault.
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self>;
}

/// For a service that needs no settings of its own.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoSettings {}

impl Topic for NoSettings {}

impl<T: Topic> FromEnvironment for T {
    fn from_environment(environment: &Environment, faults: &mut Faults) -> Option<Self> {
        Some(environment.read(faults))
    }
}

impl Environment {
    /// The variables of this process. One that is not UTF-8 is left out: no setting here can hold it.
    pub fn process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// Exactly these variables.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// Sets one variable, as a command-line flag does.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes one variable out, for a caller that renames it.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The variable as it stands, unparsed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Fills `T` from the variables named like its fields in upper case. Each variable that does not parse
    /// is added to `faults` and leaves its field at the default.
    pub fn read<T: Topic>(&self, faults: &mut Faults) -> T {
        let mut sound = self.with_secrets_read(T::SECRETS, faults).0;
        // Every field has a default, so each variable can be tried alone: envy stops at the first fault.
        sound.retain(|name, value| {
            let alone = envy::from_iter::<_, T>([(name.clone(), value.clone())]);
            alone.map_err(|error| faults.add(name.clone(), reason(&error))).is_ok()
        });
        envy::from_iter(sound).unwrap_or_else(|error| {
            faults.add(std::any::type_name::<T>(), reason(&error));
            T::default()
        })
    }

    fn with_secrets_read(&self, secrets: &[&str], faults: &mut Faults) -> Self {
        let mut all = self.clone();
        for name in secrets {
            let file_name = format!("{name}_FILE");
            let Some(path) = self.get(&file_name) else { continue };
            if self.0.contains_key(*name) {
                faults.add(file_name, format_args!("{name} is set as well: choose one"));
                continue;
            }
            if let Some(secret) = faults.check(&file_name, read_secret(path)) {
                all.set(*name, secret);
            }
        }
        all
    }
}

/// The file's text without the one line end that editors and `kubectl create secret` leave there.
fn read_secret(path: &str) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| format!("cannot read {path}: {error}"))?.len();
    if length > SECRET_FILE_MAX {
        return Err(format!("{path} has {length} bytes, more than {SECRET_FILE_MAX}"));
    }
    let mut text = fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() { Err(format!("{path} is empty")) } else { Ok(text) }
}

/// envy tells the value after the reason; a value may be a secret pasted under the wrong name.
fn reason(error: &envy::Error) -> String {
    let text = error.to_string();
    match text.find(" while parsing value") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::settings::{Secret, Size, Span};

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Sample {
        port: u16,
        pause: Span,
        limit: Size,
        password: Option<Secret>,
        origin: Option<String>,
    }

    impl Topic for Sample {
        const SECRETS: &'static [&'static str] = &["PASSWORD"];
    }

    fn read(pairs: &[(&str, &str)]) -> (Sample, Faults) {
        let mut faults = Faults::default();
        let sample = Environment::from_pairs(pairs.iter().copied()).read(&mut faults);
        (sample, faults)
    }

    #[test]
    fn variables_become_typed_fields() {
        let (sample, faults) = read(&[("PORT", "80"), ("PAUSE", "250ms"), ("LIMIT", "2KiB"), ("OTHER", "x")]);
        assert!(faults.is_empty(), "{faults}");
        assert_eq!((sample.port, sample.pause.get().as_millis(), sample.limit.get()), (80, 250, 2048));
    }

    #[test]
    fn every_fault_is_named_and_no_value_is_shown() {
        let (_, mut faults) = read(&[("PORT", "hunter2"), ("PAUSE", "hunter2"), ("LIMIT", "hunter2")]);
        faults.require("ORIGIN", None::<String>);
        let report = faults.to_string();
        for name in ["PORT", "PAUSE", "LIMIT", "ORIGIN"] {
            assert!(report.contains(&format!("\n  {name}: ")), "{name} is missing in: {report}");
        }
        assert!(report.starts_with("4 settings are wrong") && !report.contains("hunter2"), "{report}");
    }

    #[test]
    fn a_secret_comes_from_a_file_without_its_line_end() {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(b" s3cr3t \r\n").expect("written");
        let path = file.path().to_str().expect("UTF-8");
        let (sample, faults) = read(&[("PASSWORD_FILE", path)]);
        assert!(faults.is_empty(), "{faults}");
        assert_eq!(sample.password.as_ref().map(ExposeSecret::expose_secret), Some(" s3cr3t "));
        assert!(!format!("{sample:?}").contains("s3cr3t"));
    }

    #[test]
    fn a_secret_given_twice_missing_or_empty_is_a_fault() {
        let empty = tempfile::NamedTempFile::new().expect("a temporary file");
        let path = empty.path().to_str().expect("UTF-8");
        for pairs in [
            vec![("PASSWORD", "x"), ("PASSWORD_FILE", path)],
            vec![("PASSWORD_FILE", "does/not/exist")],
            vec![("PASSWORD_FILE", path)],
        ] {
            let (_, faults) = read(&pairs);
            assert_eq!(faults.iter().map(|fault| fault.name.as_str()).collect::<Vec<_>>(), ["PASSWORD_FILE"]);
        }
    }

    #[test]
    fn what_has_a_fault_is_not_missing_too() {
        let mut faults = Faults::default();
        faults.add("ORIGIN", "is not a URL");
        assert_eq!(faults.require("ORIGIN", None::<String>), None);
        assert_eq!(faults.iter().count(), 1);
    }
}
