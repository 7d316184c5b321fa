//! Which Elasticsearch, and a Java for it.

use std::path::{Path, PathBuf};

/// A version that the tests run on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// 8.19.4
    V8,
    /// 9.2.8
    V9,
}

impl Version {
    /// As Elasticsearch says it.
    pub fn number(self) -> &'static str {
        match self {
            Self::V8 => "8.19.4",
            Self::V9 => "9.2.8",
        }
    }

    /// The folder of its program.
    ///
    /// # Panics
    /// Where it is not installed.
    pub fn home(self) -> PathBuf {
        let home = target().join("elasticsearch").join(format!("elasticsearch-{}", self.number()));
        assert!(home.is_dir(), "no Elasticsearch {}: run tests/elasticsearch/install", self.number());
        home
    }

    /// Its own Java, or the oldest one here that it runs on: what it was built for, rather than what it was never tried
    /// with.
    ///
    /// # Panics
    /// Where there is none.
    pub fn java(self) -> PathBuf {
        let bundled = self.home().join("jdk");
        if bundled.is_dir() {
            return bundled;
        }
        let least = match self {
            Self::V8 => 17,
            Self::V9 => 21,
        };
        let own = std::env::var_os("JAVA_HOME").map(PathBuf::from);
        let installed =
            std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
        let versioned =
            own.into_iter().chain(installed).filter_map(|home| Some((java_version(&home)?, home)));
        let fit = versioned.filter(|(version, _)| *version >= least).min();
        fit.unwrap_or_else(|| panic!("no Java {least} or newer: install one, or set JAVA_HOME")).1
    }
}

/// 17 of `JAVA_VERSION="17.0.15"` in the file that every Java since 9 has.
fn java_version(home: &Path) -> Option<u32> {
    let release = std::fs::read_to_string(home.join("release")).ok()?;
    let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=\""))?;
    let runs = home.join("bin/java").is_file();
    version.split(['.', '"']).next()?.parse().ok().filter(|_| runs)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from)
}
