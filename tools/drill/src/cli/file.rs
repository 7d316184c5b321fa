//! Traffic, limits and waits from a YAML file. The cluster is not among them: a file that is passed on must not break somebody
//! else's.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use url::Url;

use crate::limits::Limit;
use crate::traffic::target::Target;
use crate::traffic::wire::{Header, Resolve};

/// More than this is not a file of settings.
const SIZE_MAX: u64 = 1 << 20;

/// The file: every field is one of the options.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) targets: Vec<Target>,
    pub(super) reviews: Option<ReviewsSection>,
    pub(super) limits: Vec<Limit>,
    pub(super) rate: Option<f64>,
    pub(super) timeout: Option<Time>,
    pub(super) max_in_flight: Option<usize>,
    pub(super) new_connections: bool,
    pub(super) resolve: Vec<Resolve>,
    pub(super) headers: Vec<Header>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) clean_for: Option<Time>,
    pub(super) steady_within: Option<Time>,
    pub(super) step_within: Option<Time>,
    pub(super) recover_within: Option<Time>,
    pub(super) reviews_within: Option<Time>,
}

/// Reviews; the token comes by the environment or the command line only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewsSection {
    pub(super) url: Url,
    #[serde(default)]
    pub(super) rate: Option<f64>,
}

/// A duration such as `250ms` or `2m`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(super) struct Time(pub(super) Duration);

impl TryFrom<String> for Time {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time = humantime::parse_duration(&text).map(Self);
        time.map_err(|error| format!("{text:?} is no time, such as 250ms or 2m: {error}"))
    }
}

impl Settings {
    /// Reads one.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let size = std::fs::metadata(path).context("cannot be read")?.len();
        anyhow::ensure!(size <= SIZE_MAX, "{size} bytes are too many for settings");
        let text = std::fs::read_to_string(path).context("cannot be read")?;
        Ok(serde_norway::from_str(&text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_the_options_say() {
        let file: Settings = serde_norway::from_str(
            "
            targets:
              - { name: files, url: 'http://127.0.0.1:30080/', rate: 200, status: 200, body: Hello }
            reviews: { url: 'http://127.0.0.1:30081', rate: 20 }
            resolve: [web.example=127.0.0.1]
            headers: ['Host: web.example']
            timeout: 2s
            limits: [failures=0, files:longest-gap<2s]
            ",
        )
        .expect("a file");
        assert_eq!(file.targets[0].body.as_deref(), Some("Hello"));
        assert_eq!(file.timeout, Some(Time(Duration::from_secs(2))));
        assert_eq!(file.limits[1].to_string(), "files:longest-gap<2s");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("target: []", "target"),
            ("timeout: 2", "\"2\" is no time"),
            ("limits: [speed<3]", "speed"),
            ("targets: [{ url: 'http://h/', colour: red }]", "colour"),
            ("context: production", "context"),
        ] {
            let fault = serde_norway::from_str::<Settings>(text).expect_err(text).to_string();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}
