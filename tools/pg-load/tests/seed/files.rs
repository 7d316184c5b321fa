//! `--csv`: the files, loaded by psql as it is told to, are the same rows.

use std::path::Path;
use std::pin::pin;
use std::process::Command;

use futures::TryStreamExt as _;
use pg_load::shop::encode::{Digest, Tuples};
use pg_load::shop::{Shop, Unit};

use crate::program::{manifest, number, seed, start};
use crate::support::Postgres;

#[test]
fn what_psql_loads_is_what_is_seeded() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let url = postgres.url();
    seed(&url, "4", &[]).well();
    let expected = manifest(&url);
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = ["seed", "--rows", "10000", "--seed", "4", "--csv"].map(AsRef::<std::ffi::OsStr>::as_ref);
    start(arguments.into_iter().chain([folder.path().as_os_str()])).end().well();
    // Another database on the same server.
    psql(&url, folder.path(), &["--command", "CREATE DATABASE other"]);
    let other = url.trim_end_matches("postgres").to_owned() + "other";
    let mut steps: Vec<_> = std::fs::read_dir(folder.path().join("steps"))
        .expect("steps")
        .map(|step| step.expect("a step").path())
        .collect();
    steps.sort();
    assert_eq!(steps.len(), 8);
    for step in steps {
        psql(&other, folder.path(), &["--file", step.to_str().expect("text")]);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for unit in Unit::all(&Shop::new(4, 10_000)) {
        let found = runtime.block_on(digest(&other, &unit));
        let (rows, checksum) = &expected[&unit.part.name()];
        assert_eq!(
            (found.rows.cast_signed(), found.to_string()),
            (*rows, checksum.clone()),
            "{}",
            unit.part.name()
        );
    }
    for what in [
        "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE c.relnamespace = 'shop'::regnamespace AND c.relname NOT LIKE 'seed%'",
        "SELECT count(*) FROM pg_constraint WHERE connamespace = 'shop'::regnamespace AND contype = 'f' AND convalidated",
    ] {
        assert_eq!(number(&other, what), number(&url, what), "{what}");
    }
}

fn psql(url: &str, folder: &Path, arguments: &[&str]) {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url])
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("psql starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn digest(url: &str, unit: &Unit) -> Digest {
    use pg_load::connect::{Endpoint, Target};
    let session = Endpoint::new(&Target::at(url)).expect("a sound URL").connect().await.expect("a session");
    let copy =
        format!("COPY shop.{} ({}) TO STDOUT (FORMAT binary)", unit.part.name(), unit.part.table.columns());
    let mut stream = pin!(session.copy_out(&copy).await.expect("rows"));
    let mut tuples = Tuples::default();
    while let Some(piece) = stream.try_next().await.expect("rows") {
        tuples.feed(&piece).expect("COPY's form");
    }
    tuples.finish().expect("all of them")
}
