//! Runs the contracts against one store, and prints as libtest does: the store starts once, and its end is a value's
//! drop, which a test function's static would never see.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use crate::contract::{CONTRACTS, Case};
use crate::store::Store;

/// Starts the store and holds every contract against it whose name contains an argument of the command line, or all.
pub fn run(start: impl AsyncFnOnce() -> Store) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(hold(start)),
        Err(error) => {
            eprintln!("no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn hold(start: impl AsyncFnOnce() -> Store) -> ExitCode {
    let filters: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let begun = Instant::now();
    let store = Arc::new(start().await);
    println!("\nrunning {} tests", CONTRACTS.iter().filter(|(name, _)| chosen(name)).count());
    let (mut passed, mut failed, mut left) = (0, 0, 0);
    for (name, contract) in CONTRACTS {
        if !chosen(name) {
            left += 1;
            continue;
        }
        let case = Case::new(Arc::clone(&store), name).await;
        // A task of its own, so that its panic is its own.
        let held = tokio::spawn(contract(case)).await;
        let result = if held.is_ok() { "ok" } else { "FAILED" };
        println!("test {}::{name} ... {result}", store.name);
        if held.is_ok() { passed += 1 } else { failed += 1 }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    let took = begun.elapsed().as_secs_f64();
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left} filtered out; \
         finished in {took:.2}s\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
