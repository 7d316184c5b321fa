//! A server that wants TLS and a password.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use pg_load::connect::tls::SslMode;
use pg_load::connect::{ConnectError, Endpoint, Target};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::program::{query, start};
use crate::support::Postgres;

struct Secured {
    postgres: Postgres,
    files: TempDir,
}

impl Secured {
    /// A server whose certificate is for `localhost`, and that takes nothing else by TCP than TLS and a password.
    fn start() -> Option<Self> {
        let mut postgres = Postgres::start(&[])?;
        let files = tempfile::tempdir().expect("a folder");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = params.self_signed(&key).expect("a certificate");
        fs::write(files.path().join("ca.pem"), authority.pem()).expect("a file");
        fs::write(files.path().join("password"), "let me in\n").expect("a file");
        fs::write(files.path().join("wrong"), "open up\n").expect("a file");
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        own(&postgres.file("server.crt"), &certificate.pem());
        own(&postgres.file("server.key"), &key.serialize_pem());
        query(&postgres.url(), "ALTER ROLE postgres PASSWORD 'let me in'");
        postgres.stop();
        own(
            &postgres.file("pg_hba.conf"),
            "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\nhostssl all all ::1/128 scram-sha-256\n",
        );
        postgres.server().settings().parameters.push(("ssl".to_owned(), "on".to_owned()));
        postgres.start_again();
        Some(Self { postgres, files })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn url(&self, host: &str) -> String {
        // The name is for the certificate; the address is said, whatever this machine takes the name for.
        format!("postgresql://postgres@{host}:{}/postgres?hostaddr=127.0.0.1", self.postgres.port())
    }

    /// By TCP to `localhost`, with the right authority and the right password.
    fn target(&self) -> Target {
        Target {
            ca_file: Some(self.file("ca.pem")),
            password_file: Some(self.file("password")),
            ..Target::at(self.url("localhost"))
        }
    }
}

/// Writes a file of the server's.
fn own(path: &Path, text: &str) {
    fs::write(path, text).expect("a file of our own");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file of our own");
    let server = fs::metadata(path.parent().expect("a folder")).expect("a folder of our own");
    chown(path, Some(server.uid()), Some(server.gid())).expect("root, or the same user");
}

/// Whether the session is encrypted.
fn connect(target: &Target) -> Result<bool, ConnectError> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let session = Endpoint::new(target)?.connect().await?;
        let row = session.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await;
        Ok(row.expect("an answer").get(0))
    })
}

#[test]
fn as_much_is_asked_of_the_server_as_was_said() {
    let Some(secured) = Secured::start() else { return };
    let target = secured.target();
    assert!(connect(&target).expect("verify-full"), "TLS");
    let by_address = Target { database_url: Some(secured.url("127.0.0.1")), ..target.clone() };
    refused(&by_address, "certificate not valid for name");
    let any_name = Target { sslmode: Some(SslMode::VerifyCa), ..by_address };
    assert!(connect(&any_name).expect("verify-ca"), "TLS");
    let other = KeyPair::generate().expect("a key");
    let other = CertificateParams::default().self_signed(&other).expect("a certificate").pem();
    fs::write(secured.file("other.pem"), other).expect("a file");
    let stranger = Target { ca_file: Some(secured.file("other.pem")), ..target.clone() };
    refused(&stranger, "certificate");
    for mode in [SslMode::Prefer, SslMode::Require] {
        let anyone = Target { ca_file: None, sslmode: Some(mode), ..target.clone() };
        assert!(connect(&anyone).expect("any certificate"), "TLS");
    }
    let clear = Target { ca_file: None, sslmode: Some(SslMode::Disable), ..target.clone() };
    refused(&clear, "no encryption");
    fs::write(secured.file("none.pem"), "nothing").expect("a file");
    refused(&Target { ca_file: Some(secured.file("none.pem")), ..target }, "it holds no PEM certificate");
}

#[test]
fn the_password_is_the_files_first_line() {
    let Some(secured) = Secured::start() else { return };
    let wrong = Target { password_file: Some(secured.file("wrong")), ..secured.target() };
    refused(&wrong, "SQLSTATE 28P01");
    refused(&Target { password_file: None, ..secured.target() }, "password");
    // It is read for every connection: who changes it needs to start nothing again.
    fs::copy(secured.file("password"), secured.file("wrong")).expect("a file");
    assert!(connect(&wrong).expect("the right one by now"), "TLS");
    fs::write(secured.file("wrong"), "\n").expect("a file");
    refused(&wrong, "its first line is empty");
}

fn refused(target: &Target, said: &str) {
    let error = connect(target).expect_err(said);
    assert!(!error.is_passing(), "to try again does not help: {error}");
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn a_seeder_by_tls() {
    let Some(secured) = Secured::start() else { return };
    let (url, ca, password) = (secured.url("localhost"), secured.file("ca.pem"), secured.file("password"));
    let arguments = ["seed", "--rows", "10000", "--database-url", &url, "--ca-file"]
        .map(AsRef::<std::ffi::OsStr>::as_ref);
    let files = [ca.as_os_str(), "--password-file".as_ref(), password.as_os_str()];
    start([&arguments[..], &files].concat()).end().well();
}
