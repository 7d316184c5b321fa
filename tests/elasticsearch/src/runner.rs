//! Holds cases against one cluster, and prints as libtest does: the nodes start once, and their end is a value's drop,
//! which a test function's static would never see.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use reqwest::Method;
use tokio::sync::Mutex;
use tokio::task::{LocalSet, spawn_local};
use url::Url;

use crate::access::Access;
use crate::cluster::{Cluster, Shape};

/// What a case is doing.
pub type Future = futures::future::LocalBoxFuture<'static, ()>;

/// A name, and what is to hold. Cases run one after the other: each may do to the nodes what it likes, and leaves them
/// complete.
pub type Case = (&'static str, fn(Arc<Mutex<Cluster>>) -> Future);

/// Starts a cluster for each group, and holds every case against it whose name contains an argument of the command line,
/// or all.
pub fn run(groups: &[(Shape, &[Case])]) -> ExitCode {
    block_on(async {
        let mut run = Run::begin(groups.iter().flat_map(|(_, cases)| *cases));
        for (shape, cases) in groups {
            if cases.iter().any(|(name, _)| run.has_chosen(name)) {
                let begun = Instant::now();
                let cluster = Arc::new(Mutex::new(Cluster::start(shape).await));
                println!("  {} nodes in {:.1}s", shape.nodes, begun.elapsed().as_secs_f64());
                run.hold(&cluster, shape.version.number(), cases).await;
            }
        }
        run.end()
    })
}

/// Holds cases against a cluster that runs already, and then removes what they made there.
pub fn hold_on(urls: Vec<Url>, access: Access, cases: &[Case]) -> ExitCode {
    block_on(async {
        let cluster = Arc::new(Mutex::new(Cluster::of_somebody(urls, access)));
        let about = cluster.lock().await.call(Method::GET, "/_nodes?filter_path=nodes.*.version", None).await;
        let version = about["nodes"].as_object().and_then(|nodes| nodes.values().next()).cloned();
        let version = version.unwrap_or_default()["version"].as_str().unwrap_or("own").to_owned();
        let mut run = Run::begin(cases);
        run.hold(&cluster, &version, cases).await;
        cluster.lock().await.clean().await;
        run.end()
    })
}

fn block_on(cases: impl std::future::Future<Output = ExitCode>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => LocalSet::new().block_on(&runtime, cases),
        Err(error) => {
            eprintln!("no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Which cases are chosen, and how they went.
struct Run {
    filters: Vec<String>,
    begun: Instant,
    left_out: usize,
    passed: u32,
    failed: u32,
}

impl Run {
    fn begin<'a>(all: impl IntoIterator<Item = &'a Case>) -> Self {
        let filters = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
        let mut run = Self { filters, begun: Instant::now(), left_out: 0, passed: 0, failed: 0 };
        let all: Vec<_> = all.into_iter().map(|(name, _)| *name).collect();
        let chosen = all.iter().filter(|name| run.has_chosen(name)).count();
        run.left_out = all.len() - chosen;
        println!("\nrunning {chosen} tests");
        run
    }

    fn has_chosen(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter.as_str()))
    }

    async fn hold(&mut self, cluster: &Arc<Mutex<Cluster>>, version: &str, cases: &[Case]) {
        for (name, case) in cases.iter().filter(|(name, _)| self.has_chosen(name)).collect::<Vec<_>>() {
            let begun = Instant::now();
            // A task of its own, so that its panic is its own.
            let held = spawn_local(case(Arc::clone(cluster))).await;
            let (result, took) = (if held.is_ok() { "ok" } else { "FAILED" }, begun.elapsed().as_secs_f64());
            println!("test {version}::{name} ... {result} ({took:.1}s)");
            if held.is_ok() {
                self.passed += 1;
            } else {
                self.failed += 1;
                cluster.lock().await.restore().await;
            }
        }
    }

    fn end(self) -> ExitCode {
        let Self { begun, left_out, passed, failed, .. } = self;
        let (word, took) = (if failed == 0 { "ok" } else { "FAILED" }, begun.elapsed().as_secs_f64());
        println!(
            "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left_out} filtered out; \
             finished in {took:.2}s\n"
        );
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
