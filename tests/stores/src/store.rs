//! The stores under test.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bucket::embedded::EmbeddedS3;
use bucket::{Bucket, BucketName, BucketSettings, Credentials, Key, PutOptions, Retries, StoreMetrics};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::time::Instant;
use url::Url;

use crate::differences::Differences;
use crate::process::{Program, free_ports, program};

/// How long a store may take to start.
const START: Duration = Duration::from_mins(1);

const ACCESS_KEY: &str = "contract";
const SECRET_KEY: &str = "contract-secret";

/// A store that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Store {
    /// Its name, as the results show it.
    pub name: &'static str,
    /// Where it differs from what AWS documents.
    pub differences: Differences,
    endpoint: Url,
    _runs: Runs,
    // Dropped last: the program must not lose its files before it ends.
    _folder: TempDir,
}

#[derive(Debug)]
enum Runs {
    Here { _store: EmbeddedS3 },
    Beside { _program: Program },
}

impl Store {
    /// The store of crate `bucket`.
    pub async fn embedded(differences: Differences) -> Self {
        let folder = folder();
        let secret = SecretString::from(SECRET_KEY);
        let address = ([127, 0, 0, 1], 0).into();
        let store =
            EmbeddedS3::bind(folder.path(), address, ACCESS_KEY, secret).await.expect("a store on a folder");
        let endpoint = store.endpoint.clone();
        Self { name: "embedded", differences, endpoint, _runs: Runs::Here { _store: store }, _folder: folder }
    }

    /// `MinIO`, by the program that `MINIO` names or `minio` on PATH.
    pub async fn minio(differences: Differences) -> Self {
        let folder = folder();
        let path = program("MINIO", Some("minio"));
        let [port, console] = free_ports();
        let mut command = alone(&path, folder.path());
        command
            // --quiet also leaves out the question whether there is a newer version.
            .args(["server", "--quiet", "--address", &format!("127.0.0.1:{port}")])
            .args(["--console-address", &format!("127.0.0.1:{console}")])
            .arg(folder.path().join("data"))
            .env("MINIO_ROOT_USER", ACCESS_KEY)
            .env("MINIO_ROOT_PASSWORD", SECRET_KEY)
            .env("MINIO_UPDATE", "off")
            .env("MINIO_BROWSER", "off");
        Self::beside("minio", differences, command, folder, port).await
    }

    /// `SeaweedFS`, by the program that `SEAWEEDFS` names: master, volume, filer and S3 in one process.
    pub async fn seaweedfs(differences: Differences) -> Self {
        let folder = folder();
        let path = program("SEAWEEDFS", None);
        let [s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc] = free_ports();
        let keys = format!(
            r#"{{"identities": [{{"name": "contract", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                "credentials": [{{"accessKey": "{ACCESS_KEY}", "secretKey": "{SECRET_KEY}"}}]}}]}}"#
        );
        let config = folder.path().join("s3.json");
        std::fs::write(&config, keys).expect("a file in a folder of our own");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder in a folder of our own");
        let mut command = alone(&path, folder.path());
        command.args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]);
        // A bucket takes seven volumes for itself. And it reports its use to its makers unless told not to.
        command.args(["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=1000"]);
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0"]);
        for (name, port) in [
            ("s3.port", s3),
            ("s3.port.grpc", s3_grpc),
            ("master.port", master),
            ("master.port.grpc", master_grpc),
            ("volume.port", volume),
            ("volume.port.grpc", volume_grpc),
            ("filer.port", filer),
            ("filer.port.grpc", filer_grpc),
        ] {
            command.arg(format!("-{name}={port}"));
        }
        for (name, path) in [
            ("dir", data),
            ("s3.config", config),
            ("s3.localSocket", folder.path().join("s3.sock")),
            ("filer.localSocket", folder.path().join("filer.sock")),
        ] {
            command.arg(format!("-{name}={}", path.display()));
        }
        Self::beside("seaweedfs", differences, command, folder, s3).await
    }

    async fn beside(
        name: &'static str,
        differences: Differences,
        mut command: Command,
        folder: TempDir,
        port: u16,
    ) -> Self {
        let mut program = Program::start(&mut command, folder.path());
        let endpoint = Url::parse(&format!("http://127.0.0.1:{port}")).expect("a URL of our own");
        let deadline = Instant::now() + START;
        let bucket = open(settings(&endpoint, "is-it-ready")).await;
        // A store that takes a bucket and an object is one that works: some listen long before.
        while let Err(error) = works(&bucket).await {
            program.check();
            let late = Instant::now() > deadline;
            assert!(
                !late,
                "{name} does not work after {START:?}: {error}; it printed:\n{}",
                program.printed()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { name, differences, endpoint, _runs: Runs::Beside { _program: program }, _folder: folder }
    }

    /// Settings that reach `bucket` in it; nothing is retried.
    pub fn settings(&self, bucket: &str) -> BucketSettings {
        settings(&self.endpoint, bucket)
    }
}

async fn works(bucket: &Bucket) -> Result<(), bucket::StoreError> {
    bucket.create_bucket().await?;
    bucket.put(&Key::parse("yes")?, "yes".into(), &PutOptions::default()).await?;
    Ok(())
}

pub(crate) async fn open(settings: BucketSettings) -> Bucket {
    Bucket::open(settings, StoreMetrics::default()).await.expect("settings of our own")
}

fn settings(endpoint: &Url, bucket: &str) -> BucketSettings {
    let name = BucketName::parse(bucket).expect("a name of our own");
    BucketSettings {
        credentials: Credentials::Static {
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SecretString::from(SECRET_KEY),
            session_token: None,
        },
        retries: Retries::NONE,
        ..BucketSettings::new(Some(endpoint.clone()), name)
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A command that sees nothing of this machine's settings.
fn alone(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).current_dir(home);
    command
}
