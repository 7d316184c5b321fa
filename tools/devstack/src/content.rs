//! What the origin serves: a small site, and files as large as real ones.
//!
//! 1. The site of `site/` is in this program, so that it runs from anywhere.
//! 2. The larger files are made up, the same bytes each time: one that cannot be compressed, one that can.
//! 3. All are written into the origin's folder. A file that is right already keeps its time, and so its `ETag`.
//! 4. The manifest names each with its SHA-256, so that content-fetcher verifies for real.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The length of the incompressible file in bytes: above the size at which uploads and downloads go in parts.
const RANDOM_BYTES: usize = 20 * 1024 * 1024;
/// The lines of the compressible file.
const WORD_LINES: usize = 16 * 1024;

/// One file of the site.
struct File {
    key: &'static str,
    content_type: &'static str,
    cache_control: &'static str,
    bytes: Vec<u8>,
}

macro_rules! site {
    ($($key:literal, $content_type:literal, $cache_control:literal;)*) => {
        vec![$(File {
            key: $key,
            content_type: $content_type,
            cache_control: $cache_control,
            bytes: include_bytes!(concat!("../site/", $key)).to_vec(),
        }),*]
    };
}

/// Writes every file into `folder` and the manifest of them to `manifest`, with URLs at `origin`.
pub fn write(folder: &Path, manifest: &Path, origin: SocketAddr) -> anyhow::Result<()> {
    let mut items = Vec::new();
    for file in files() {
        put(&folder.join(file.key), &file.bytes)?;
        items.push(item(&file, origin));
    }
    put(manifest, &serde_json::to_vec_pretty(&json!({ "items": items }))?)
}

fn files() -> Vec<File> {
    let mut files = site! {
        "index.html", "text/html; charset=utf-8", "no-cache";
        "404.html", "text/html; charset=utf-8", "no-cache";
        "docs/index.html", "text/html; charset=utf-8", "no-cache";
        "style.css", "text/css; charset=utf-8", "public, max-age=3600";
        "app.js", "text/javascript; charset=utf-8", "public, max-age=3600";
        "ballast.svg", "image/svg+xml", "public, max-age=3600";
        "robots.txt", "text/plain; charset=utf-8", "public, max-age=3600";
    };
    let made_up =
        |key, content_type, bytes| File { key, content_type, cache_control: "public, max-age=60", bytes };
    files.push(made_up("data/words.txt", "text/plain; charset=utf-8", words()));
    files.push(made_up("data/random.bin", "application/octet-stream", random_bytes()));
    files
}

fn item(file: &File, origin: SocketAddr) -> Value {
    json!({
        "url": format!("http://{origin}/{}", file.key),
        "key": file.key,
        "sha256": sha256(&file.bytes),
        "content-type": file.content_type,
        "cache-control": file.cache_control,
    })
}

fn sha256(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let folder = path.parent().context("a file without a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Bytes of the xorshift64 generator (Marsaglia, 2003), seeded by hand: made up, not secret, the same everywhere.
fn random_bytes() -> Vec<u8> {
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    let mut bytes = Vec::with_capacity(RANDOM_BYTES);
    while bytes.len() < RANDOM_BYTES {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes
}

fn words() -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "anchor", "ballast", "beam", "bilge", "bow", "cargo", "deck", "draft", "harbour", "helm", "hull",
        "keel", "mast", "port", "stern", "tide",
    ];
    let mut random = Xorshift(42);
    let mut text = String::new();
    for number in 1..=WORD_LINES {
        let _ = write!(text, "{number:>6}");
        for byte in random.next().to_le_bytes() {
            text.push(' ');
            text.push_str(WORDS[usize::from(byte) % WORDS.len()]);
        }
        text.push('\n');
    }
    text.into_bytes()
}

struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_names_every_file_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("manifest.json");
        let site = folder.path().join("origin");
        write(&site, &manifest, ([127, 0, 0, 1], 8081).into()).expect("written");
        let manifest: Value = serde_json::from_slice(&fs::read(manifest).expect("there")).expect("JSON");
        let items = manifest["items"].as_array().expect("items");
        assert_eq!(items.len(), 9);
        for item in items {
            let key = item["key"].as_str().expect("a key");
            assert_eq!(item["url"], format!("http://127.0.0.1:8081/{key}"));
            let bytes = fs::read(site.join(key)).expect(key);
            assert_eq!(item["sha256"], sha256(&bytes), "{key}");
        }
        let random = fs::metadata(site.join("data/random.bin")).expect("there");
        assert_eq!(random.len(), 20 * 1024 * 1024);
    }

    #[test]
    fn a_hash_is_sixty_four_digits() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }

    #[test]
    fn a_file_that_is_right_is_left_and_a_wrong_one_put_right() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/file");
        put(&path, b"right").expect("written");
        let old = std::time::SystemTime::UNIX_EPOCH;
        let file = fs::File::options().write(true).open(&path).expect("there");
        file.set_modified(old).expect("its time set");
        put(&path, b"right").expect("left");
        assert_eq!(fs::metadata(&path).and_then(|file| file.modified()).expect("there"), old);
        fs::write(&path, b"wrong").expect("changed");
        put(&path, b"right").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"right");
    }
}
