//! Result files: written whole or not at all, and read only where their format is known.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Bytes that a result may have.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Which kind of result a file holds, in which version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Format {
    /// Which kind.
    pub name: String,
    /// Its version; one that adds fields only keeps its number.
    pub version: u32,
}

impl Format {
    /// A kind and its version.
    pub fn new(name: &str, version: u32) -> Self {
        Self { name: name.to_owned(), version }
    }
}

/// A result file that is of no use: name another one.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no result, or one of another kind or version.
    #[error("{path}: {reason}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Writes a file beside the place and renames it, so that nobody reads half of it.
pub fn write(path: &Path, content: &[u8]) -> Result<(), ReportError> {
    let fault = |error| ReportError::Io { path: path.to_owned(), error };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut file = fs::File::create(&part).map_err(fault)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&part, path).map_err(fault)
}

/// Writes a result as JSON.
pub fn write_json(path: &Path, result: &impl Serialize) -> Result<(), ReportError> {
    let fault = |error: serde_json::Error| ReportError::Io { path: path.to_owned(), error: error.into() };
    let mut text = serde_json::to_vec_pretty(result).map_err(fault)?;
    text.push(b'\n');
    write(path, &text)
}

/// Reads a result of this format.
pub fn read<T: DeserializeOwned>(path: &Path, format: &Format) -> Result<T, ReportError> {
    #[derive(Deserialize)]
    struct Head {
        format: Format,
    }
    let io = |error| ReportError::Io { path: path.to_owned(), error };
    let content = |reason: String| ReportError::Content { path: path.to_owned(), reason };
    if fs::metadata(path).map_err(io)?.len() > LARGEST {
        return Err(content(format!("more than {LARGEST} bytes")));
    }
    let text = fs::read(path).map_err(io)?;
    let head: Head =
        serde_json::from_slice(&text).map_err(|error| content(format!("no result of pg-load: {error}")))?;
    if head.format != *format {
        let Format { name, version } = head.format;
        return Err(content(format!(
            "{name} version {version}, not {} version {}",
            format.name, format.version
        )));
    }
    serde_json::from_slice(&text).map_err(|error| content(error.to_string()))
}
