//! The embedded store and the contract of both stores.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use review_api::store::embedded::{Embedded, Options};

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let folder = tempfile::tempdir().expect("a folder");
    // Nothing here is about time, and the machine may be busy.
    let options = Options { query_timeout: Duration::from_mins(1), ..Options::default() };
    let store = Embedded::open(folder.path(), options).expect("an empty folder opens");
    if reviews_contract::run("embedded", Arc::new(store), &chosen).await {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
