//! The journal of what is to be put back.
//!
//! 1. Before anything is changed, how to put it back is written: to memory, and to a file that outlives a killed process.
//! 2. Putting back goes from the last to the first. A scenario does it as its own last step, so that the way back is
//!    taken in every run and not only where something went wrong.
//! 3. Each entry that is put back is taken out of the file; an empty journal has none. What cannot be put back stays in it,
//!    for `drill undo FILE`.

use std::fmt::{self, Display};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::cluster::workload::Workload;
use crate::error::DrillError;
use crate::hook::Hook;

/// How long one entry is tried, while the API is away.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long one command may take.
const COMMAND: Duration = Duration::from_mins(5);
/// Between two attempts.
const PAUSE: Duration = Duration::from_secs(1);
/// More than this is no journal.
const SIZE_MAX: u64 = 1 << 20;

/// How one change is put back. Doing it twice is as good as once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "undo", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Undo {
    /// Sets the replicas again.
    Scale {
        /// Of what.
        workload: Workload,
        /// As many as there were.
        replicas: i32,
    },
    /// Sets a container's image again, which rolls its pods.
    Image {
        /// Of what.
        workload: Workload,
        /// The container.
        container: String,
        /// As it was.
        image: String,
    },
    /// Sets a setting again, and rolls what reads it.
    Setting {
        /// The `ConfigMap`.
        config_map: String,
        /// The key in it.
        key: String,
        /// As it was; `None` where there was none.
        value: Option<String>,
        /// What reads it.
        readers: Vec<Workload>,
    },
    /// Lets pods be put on a node again.
    Uncordon {
        /// Its name.
        node: String,
    },
    /// Runs a command.
    Hook(Hook),
}

impl Display for Undo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scale { workload, replicas } => write!(out, "scale {workload} to {replicas}"),
            Self::Image { workload, container, image } => {
                write!(out, "set the image of {container} in {workload} to {image}")
            }
            Self::Setting { config_map, key, value, .. } => match value {
                Some(value) => {
                    write!(out, "set {key} of configmap/{config_map} to {value:?} and roll its readers")
                }
                None => write!(out, "take {key} out of configmap/{config_map} and roll its readers"),
            },
            Self::Uncordon { node } => write!(out, "uncordon node/{node}"),
            Self::Hook(hook) => write!(out, "run {:?}", hook.command),
        }
    }
}

impl Undo {
    async fn carry_out(&self, cluster: &Cluster) -> Result<(), DrillError> {
        match self {
            Self::Scale { workload, replicas } => cluster.scale(workload, *replicas).await?,
            Self::Image { workload, container, image } => {
                cluster.set_image(workload, container, image).await?;
            }
            Self::Setting { config_map, key, value, readers } => {
                cluster.set(config_map, key, value.as_deref()).await?;
                for reader in readers {
                    cluster.restart(reader).await?;
                }
            }
            Self::Uncordon { node } => cluster.cordon(node, false).await?,
            Self::Hook(hook) => hook.run(cluster, COMMAND).await?,
        }
        Ok(())
    }

    /// Tries as long as the API is away, or a command fails.
    async fn insist(&self, cluster: &Cluster) -> Result<(), DrillError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let error = match self.carry_out(cluster).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let passes = match &error {
                DrillError::Cluster(error) => error.may_pass(),
                DrillError::Hook(_) => true,
                _ => false,
            };
            if !passes || Instant::now() + PAUSE >= deadline {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What is written: which cluster the entries are about, and the entries in the order of the changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The context's name.
    pub context: String,
    /// The namespace.
    pub namespace: String,
    /// Where the API listened: a context of the same name elsewhere is another cluster.
    pub server: String,
    /// The last is put back first.
    pub entries: Vec<Undo>,
}

fn read(path: &Path) -> io::Result<Record> {
    let mut text = Vec::new();
    File::open(path)?.take(SIZE_MAX).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    record: Record,
}

impl Journal {
    /// An empty one. The file is made with its first entry; one that is there is what another run left behind.
    pub fn new(path: PathBuf, cluster: &Cluster) -> Result<Self, DrillError> {
        if path.exists() {
            let name = path.display();
            return Err(DrillError::Refused(format!(
                "the journal {name} is there already: put back what it holds by drill undo {name}"
            )));
        }
        let record = Record {
            context: cluster.context().to_owned(),
            namespace: cluster.namespace().to_owned(),
            server: cluster.server().to_owned(),
            entries: Vec::new(),
        };
        Ok(Self { path, record })
    }

    /// One that a run left behind.
    pub fn open(path: PathBuf, cluster: &Cluster) -> Result<Self, DrillError> {
        let record = read(&path).map_err(DrillError::Journal)?;
        let here = (cluster.context(), cluster.namespace(), cluster.server());
        if (record.context.as_str(), record.namespace.as_str(), record.server.as_str()) != here {
            return Err(DrillError::Refused(format!(
                "the journal is of context {}, namespace {}, at {}",
                record.context, record.namespace, record.server
            )));
        }
        Ok(Self { path, record })
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is to be put back, the last first.
    pub fn entries(&self) -> impl Iterator<Item = &Undo> {
        self.record.entries.iter().rev()
    }

    /// Writes how to put back what is about to be changed.
    pub fn push(&mut self, undo: Undo) -> Result<(), DrillError> {
        self.record.entries.push(undo);
        self.save().map_err(DrillError::Journal)
    }

    /// Puts everything back, the last first. What fails stays, and the others are put back all the same; the first error is
    /// told.
    pub async fn put_back(&mut self, cluster: &Cluster, say: impl Fn(String)) -> Result<(), DrillError> {
        let mut first = None;
        for index in (0..self.record.entries.len()).rev() {
            let undo = self.record.entries[index].clone();
            say(format!("put back: {undo}"));
            match undo.insist(cluster).await {
                Ok(()) => {
                    self.record.entries.remove(index);
                    self.save().map_err(DrillError::Journal)?;
                }
                Err(error) => {
                    say(format!("NOT put back: {undo}: {error}"));
                    first = first.or(Some(error));
                }
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Written beside and renamed: a reader finds all of it or what was before.
    fn save(&self) -> io::Result<()> {
        if self.record.entries.is_empty() {
            return match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let beside = self.path.with_extension("new");
        // Its commands will be run again: nobody else may write them.
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&beside)?;
        serde_json::to_writer_pretty(&mut file, &self.record)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.path)
    }
}
