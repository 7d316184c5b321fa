//! Holds cases against one cluster, and prints as libtest does: the nodes start once, and their end is a value's drop,
//! which a test function's static would never see.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;
use tokio::task::{LocalSet, spawn_local};

use crate::cluster::{Cluster, Shape};

/// What a case is doing.
pub type Future = futures::future::LocalBoxFuture<'static, ()>;

/// A name, and what is to hold. Cases run one after the other: each may do to the nodes what it likes, and leaves them
/// complete.
pub type Case = (&'static str, fn(Arc<Mutex<Cluster>>) -> Future);

/// Starts a cluster for each group, and holds every case against it whose name contains an argument of the command line,
/// or all.
pub fn run(groups: &[(Shape, &[Case])]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, hold(groups)),
        Err(error) => {
            eprintln!("no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn hold(groups: &[(Shape, &[Case])]) -> ExitCode {
    let filters: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen =
        |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let begun = Instant::now();
    let all = groups.iter().map(|(_, cases)| cases.len()).sum::<usize>();
    let running = groups.iter().flat_map(|(_, cases)| *cases).filter(|(name, _)| chosen(name)).count();
    println!("\nrunning {running} tests");
    let (mut passed, mut failed) = (0, 0);
    for (shape, cases) in groups {
        let cases: Vec<_> = cases.iter().filter(|(name, _)| chosen(name)).collect();
        if cases.is_empty() {
            continue;
        }
        let cluster = Arc::new(Mutex::new(Cluster::start(shape).await));
        for (name, case) in cases {
            // A task of its own, so that its panic is its own.
            let held = spawn_local(case(Arc::clone(&cluster))).await;
            let result = if held.is_ok() { "ok" } else { "FAILED" };
            println!("test {}::{name} ... {result}", shape.version.number());
            if held.is_ok() {
                passed += 1;
            } else {
                failed += 1;
                cluster.lock().await.restore().await;
            }
        }
    }
    let (word, left) = (if failed == 0 { "ok" } else { "FAILED" }, all - running);
    let took = begun.elapsed().as_secs_f64();
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left} filtered out; \
         finished in {took:.2}s\n"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
