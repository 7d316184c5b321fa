//! The real process on the store of its own: stopped and killed a hundred times under load, it loses and doubles nothing.

use reqwest::Method;
use reviews_contract::live::{Audit, Clients, Load, Process, Setup, Storm, client, seed, settle};
use serde_json::Value;

/// KiB that may ever be resident: seen were 130 MiB, with the index, which is mapped, and without optimisation.
const MEMORY: u64 = 256 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_stored_once_however_often_the_process_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let setup = Setup::new(env!("CARGO_BIN_EXE_review-api"), folder.path())
        .with("REVIEWS_STORE", "embedded")
        .with("REVIEWS_DIR", folder.path().join("reviews").display().to_string())
        .with("SPOOL_SEGMENT", "1MiB")
        .spooled();
    let storm = Storm { rounds: 100, seed: seed(), memory: MEMORY };
    let mut load = Load::start("embedded", Clients::default(), storm.seed);
    storm.rage(&setup, &load).await;
    let process = settle(&setup, &mut load).await;
    let mut audit = Audit::new(load.run(), load.ledger());
    read_all(&process, |review| audit.see(review)).await;
    audit.end();
    assert_eq!(process.admin(Method::GET, "/-/dead-letters", None).await["total"], 0);
    assert_eq!(process.stop().await, 0);
}

/// Every review that the service gives back, page by page.
async fn read_all(process: &Process, mut see: impl FnMut(&Value)) {
    let (client, first) = (client(), format!("http://{}/reviews?sort=oldest&size=100", process.address()));
    let mut next = Some(first.clone());
    while let Some(url) = next {
        let page = client.get(url).send().await.expect("an answer").text().await.expect("a whole one");
        let page: Value = serde_json::from_str(&page).unwrap_or_else(|error| panic!("{error}: {page}"));
        assert_eq!(page["partial"], false, "{page}");
        page["items"].as_array().unwrap_or_else(|| panic!("no items: {page}")).iter().for_each(&mut see);
        next = page["next"].as_str().map(|cursor| format!("{first}&cursor={cursor}"));
    }
}
