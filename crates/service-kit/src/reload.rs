//! Values that follow files: settings in a mounted `ConfigMap` or Secret, TLS certificates.
//!
//! 1. The files are read and parsed while the service is built: a value that is wrong then stops the start.
//! 2. A task looks at them every `RELOAD_INTERVAL`. It compares content, not times or inodes, because Kubernetes swaps a
//!    symbolic link two levels up and leaves neither to rely on.
//! 3. A new value that parses takes the old one's place, with a log line and a count.
//! 4. One that does not parse, or a file that is gone, keeps the old value, and says so once.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio_util::sync::CancellationToken;

/// A file longer than this is not a setting.
const FILE_MAX: u64 = 1024 * 1024;

/// A value that follows its files. Cheap to clone; every clone sees the newest.
pub struct Followed<T>(Arc<ArcSwap<T>>);

/// A followed file that could not be used at the start.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct UnreadableFile {
    /// The setting that names the file.
    pub name: &'static str,
    /// What is wrong with the file or with what it holds.
    pub reason: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ReloadLabels {
    setting: &'static str,
    result: &'static str,
}

crate::metrics! {
    /// How followed files fared.
    pub(crate) struct ReloadMetrics {
        /// Changes seen in followed files, by setting and by what became of them.
        settings_reloads: Family<ReloadLabels, Counter>,
    }
}

impl<T> Followed<T> {
    /// The value as it is now.
    pub fn load(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// A value that follows nothing, where a setting came as a plain variable.
    pub fn fixed(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }
}

impl<T> Clone for Followed<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What is followed, and where the newest value goes.
pub(crate) struct Follower<T, F> {
    name: &'static str,
    paths: Vec<PathBuf>,
    parse: F,
    seen: Result<Vec<Vec<u8>>, String>,
    value: Followed<T>,
    metrics: ReloadMetrics,
}

impl<T, F> Follower<T, F>
where
    F: Fn(&[Vec<u8>]) -> Result<T, String>,
{
    /// Reads the files for the first time.
    pub(crate) fn start(
        name: &'static str,
        paths: Vec<PathBuf>,
        parse: F,
        metrics: ReloadMetrics,
    ) -> Result<(Self, Followed<T>), UnreadableFile> {
        let first = read(&paths).and_then(|seen| Ok((parse(&seen)?, seen)));
        let (value, seen) = first.map_err(|reason| UnreadableFile { name, reason })?;
        let value = Followed::fixed(value);
        Ok((Self { name, paths, parse, seen: Ok(seen), value: value.clone(), metrics }, value))
    }

    /// Looks at the files every `interval` until `shutdown`.
    pub(crate) async fn run(mut self, interval: Duration, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(interval.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            self.look();
        }
    }

    fn look(&mut self) {
        let now = read(&self.paths);
        if now == self.seen {
            return;
        }
        let parsed = now.clone().and_then(|contents| (self.parse)(&contents));
        self.seen = now;
        let result = match parsed {
            Ok(value) => {
                self.value.0.store(Arc::new(value));
                tracing::info!(setting = self.name, "setting changed with its file");
                "changed"
            }
            Err(reason) => {
                tracing::warn!(setting = self.name, reason, "changed file refused; the old value stays");
                "refused"
            }
        };
        let labels = ReloadLabels { setting: self.name, result };
        self.metrics.settings_reloads.get_or_create(&labels).inc();
    }
}

fn read(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    paths
        .iter()
        .map(|path| read_one(path).map_err(|reason| format!("{}: {reason}", path.display())))
        .collect()
}

fn read_one(path: &PathBuf) -> Result<Vec<u8>, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut content = Vec::new();
    file.take(FILE_MAX + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 > FILE_MAX {
        return Err(format!("is longer than {FILE_MAX} bytes"));
    }
    Ok(content)
}
