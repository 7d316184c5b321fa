//! Values and certificates that follow their files.

#[path = "common/client.rs"]
mod client;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use service_kit::{Followed, HttpOptions, Kit, NoSettings, Running, UnreadableFile, testing, tls};
use tempfile::TempDir;

fn number(files: &[Vec<u8>]) -> Result<u32, String> {
    let text = std::str::from_utf8(&files[0]).map_err(|error| error.to_string())?;
    text.trim().parse().map_err(|_| format!("{text:?} is not a number"))
}

async fn following(path: PathBuf) -> (Running, Followed<u32>) {
    let mut followed = None;
    let build = async |_: NoSettings, kit: &mut Kit| {
        followed = Some(kit.follow("NUMBER", vec![path], number)?);
        Ok(())
    };
    let running = testing::start("following", &[("RELOAD_INTERVAL", "5ms")], build).await;
    (running, followed.expect("it was built"))
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

async fn reloads(running: &Running, result: &str) -> bool {
    let text = client::get(format!("http://{}/metrics", running.admin())).await.text().await;
    let line = format!("settings_reloads_total{{setting=\"NUMBER\",result=\"{result}\"}} 1\n");
    text.expect("text").contains(&line)
}

#[tokio::test]
async fn a_changed_file_is_followed_and_a_bad_one_keeps_the_old_value() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("number");
    fs::write(&path, "1").expect("written");
    let (running, number) = following(path.clone()).await;
    assert_eq!(*number.load(), 1);
    fs::write(&path, "2\n").expect("written");
    until("the new value", async || *number.load() == 2).await;
    until("a count", async || reloads(&running, "changed").await).await;
    fs::write(&path, "three").expect("written");
    until("a refusal", async || reloads(&running, "refused").await).await;
    assert_eq!(*number.load(), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_mounted_config_map_is_swapped_two_links_up() {
    let folder = TempDir::new().expect("a folder");
    for (version, value) in [("v1", "1"), ("v2", "2")] {
        fs::create_dir(folder.path().join(version)).expect("a folder");
        fs::write(folder.path().join(version).join("number"), value).expect("written");
    }
    let link =
        |from: &str, to: &str| std::os::unix::fs::symlink(to, folder.path().join(from)).expect("linked");
    link("..data", "v1");
    link("number", "..data/number");
    let (running, number) = following(folder.path().join("number")).await;
    link("..data_tmp", "v2");
    fs::rename(folder.path().join("..data_tmp"), folder.path().join("..data")).expect("swapped");
    until("the new value", async || *number.load() == 2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_file_that_is_wrong_at_the_start_stops_the_start() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("number");
    fs::write(&path, "one").expect("written");
    let build = async |_: NoSettings, kit: &mut Kit| {
        for path in [path, folder.path().join("missing")] {
            let error: UnreadableFile =
                kit.follow("NUMBER", vec![path], number).err().expect("it is refused");
            assert_eq!(error.name, "NUMBER");
        }
        Ok(())
    };
    testing::start("following", &[], build).await.stop().await;
}

/// Writes a fresh self-signed certificate of `name` and returns a client that trusts nothing else.
fn certificate(folder: &TempDir, name: &str) -> reqwest::Client {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).expect("made");
    fs::write(folder.path().join("key.pem"), signing_key.serialize_pem()).expect("written");
    fs::write(folder.path().join("cert.pem"), cert.pem()).expect("written");
    let root = reqwest::Certificate::from_pem(cert.pem().as_bytes()).expect("PEM");
    client::client([root])
}

#[tokio::test]
async fn tls_speaks_http_2_and_its_certificate_follows_its_files() {
    let folder = TempDir::new().expect("a folder");
    let first = certificate(&folder, "localhost");
    let build = async |_: NoSettings, kit: &mut Kit| {
        let config = tls::follow(kit, folder.path().join("cert.pem"), folder.path().join("key.pem"))?;
        let listener = kit.listen("https", ([127, 0, 0, 1], 0).into())?;
        kit.serve_tls(
            listener,
            config,
            Router::new().route("/", get(|| async { "safe" })),
            HttpOptions::default(),
        );
        Ok(())
    };
    let running = testing::start("tls", &[("RELOAD_INTERVAL", "5ms")], build).await;
    let url = format!("https://localhost:{}/", running.address("https").port());
    let answer = first.get(&url).send().await.expect("an answer");
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.text().await.expect("text"), "safe");
    let second = certificate(&folder, "localhost");
    until("the new certificate", async || second.get(&url).send().await.is_ok()).await;
    assert!(first.get(&url).send().await.is_err(), "the old certificate is gone");
    fs::write(folder.path().join("key.pem"), "not a key").expect("written");
    let metrics = format!("http://{}/metrics", running.admin());
    until("a refusal", async || {
        let text = client::get(&metrics).await.text().await.expect("text");
        text.contains("settings_reloads_total{setting=\"tls certificate\",result=\"refused\"}")
    })
    .await;
    assert!(second.get(&url).send().await.is_ok(), "the last good pair stays");
    running.stop().await;
}
