//! The sidecar: ready after the first success, patient within its budgets, bounded in memory.

mod common;

use std::str::FromStr;

use bucket::Operation;
use bucket::testing::{Fault as StoreFault, Rule};
use common::origin::{Fault, Resource};
use common::{DEADLINE, PART, World, content, until};

/// The fetcher in this process, as production starts it.
async fn start(world: &World, more: &[(&str, &str)]) -> service_kit::Running {
    let watch = [("MODE", "watch"), ("INTERVAL", "20ms")];
    let variables = world.variables(&[&watch[..], more].concat());
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    service_kit::testing::start("content-fetcher", &variables, content_fetcher::build).await
}

/// The status and body of an admin path.
async fn admin(running: &service_kit::Running, path: &str) -> (u16, String) {
    // The provider of TLS is the process's; the fetcher names it, and may not have done so yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let response = reqwest::get(format!("http://{}{path}", running.admin())).await.expect("answered");
    (response.status().as_u16(), response.text().await.expect("a body"))
}

/// The value of a metric's line that begins so; 0 where there is none yet.
async fn metric<T: Default + FromStr>(running: &service_kit::Running, line: &str) -> T {
    let (_, text) = admin(running, "/metrics").await;
    let found = text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok());
    found.unwrap_or_default()
}

/// The value of a counter.
async fn count(running: &service_kit::Running, line: &str) -> usize {
    metric(running, line).await
}

#[tokio::test]
async fn it_is_ready_after_the_first_success_and_follows_the_source() {
    let world = World::new().await;
    let running = start(&world, &[("START_FAILURE_BUDGET", "1000000")]).await;
    until("a failed round", async || count(&running, "fetches_total{result=\"source\"}").await >= 1).await;
    let (status, missing) = admin(&running, "/readyz").await;
    assert!(status == 503 && missing.contains("content"), "{status} {missing}");
    world.origin.set("/a", Resource::new("one"));
    until("ready", async || admin(&running, "/readyz").await.0 == 200).await;
    world.holds("a", b"one").await;
    world.origin.set("/a", Resource { tag: Some("\"v2\""), ..Resource::new("two") });
    until("refreshed", async || world.object("a").await.is_some_and(|(bytes, _)| bytes == "two")).await;
    until("unchanged rounds", async || count(&running, "fetches_total{result=\"unchanged\"}").await >= 1)
        .await;
    assert!(metric::<f64>(&running, "last_success_timestamp_seconds").await > 1.6e9);
    assert!(count(&running, "source_bytes_total").await >= 6);
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test]
async fn the_start_has_its_own_budget() {
    let world = World::new().await;
    let running = start(&world, &[("START_FAILURE_BUDGET", "2"), ("FAILURE_BUDGET", "1000000")]).await;
    let outcome = tokio::time::timeout(DEADLINE, running.wait()).await.expect("it ends");
    assert_eq!(outcome.exit_code(), 3);
    assert_eq!(world.origin.seen().len(), 3, "two failures were borne, the third was not");
}

#[tokio::test]
async fn later_failures_make_it_unready_until_the_next_success() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let running = start(&world, &[("FAILURE_BUDGET", "2")]).await;
    until("ready", async || admin(&running, "/readyz").await.0 == 200).await;
    world.faulty.fail(Rule::any(), StoreFault::denied());
    until("unready", async || admin(&running, "/readyz").await.0 == 503).await;
    let (_, missing) = admin(&running, "/readyz").await;
    assert!(missing.contains("rounds failed in a row"), "{missing}");
    assert_eq!(admin(&running, "/livez").await.0, 200);
    world.faulty.heal();
    until("ready again", async || admin(&running, "/readyz").await.0 == 200).await;
    world.holds("a", b"one").await;
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test]
async fn a_changed_manifest_is_followed_and_a_bad_one_is_not() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    world.origin.set("/b", Resource::new("two"));
    let item = |path: &str| format!("- url: {}\n  key: {}\n", world.origin.url(path), &path[1..]);
    let path = world.file("manifest.yaml", &format!("items:\n{}", item("/a")));
    let with = [("MANIFEST", path.as_str()), ("RELOAD_INTERVAL", "10ms"), ("PRUNE", "true")];
    let running = start(&world, &with).await;
    until("a", async || world.object("a").await.is_some()).await;
    world.file("manifest.yaml", "items: 3");
    let refused = "settings_reloads_total{setting=\"MANIFEST\",result=\"refused\"}";
    until("refused", async || count(&running, refused).await >= 1).await;
    assert_eq!(admin(&running, "/readyz").await.0, 200);
    world.file("manifest.yaml", &format!("items:\n{}", item("/b")));
    until("b", async || world.object("b").await.is_some()).await;
    until("a is pruned", async || world.object("a").await.is_none()).await;
    assert_eq!(running.stop().await.exit_code(), 0);
}

#[tokio::test]
async fn no_more_than_the_parts_are_held_while_the_store_is_slow() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(8 * PART)));
    world.faulty.fail(Rule::on(Operation::UploadPart), StoreFault::Silence);
    let running = start(&world, &[("PARTS_IN_FLIGHT", "2")]).await;
    until("both parts wait", async || world.faulty.count(Operation::UploadPart) == 2).await;
    assert_eq!(count(&running, "parts_in_flight").await, 2);
    // What is beyond the two parts is one piece as the client read it.
    let came = count(&running, "source_bytes_total").await;
    assert!(came <= 2 * PART + PART / 4, "{came} bytes came");
    assert_eq!(running.stop().await.exit_code(), 0);
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn a_stop_in_the_middle_aborts_the_upload() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new(content(3 * PART)));
    world.origin.fail("/a", [Fault::Stall(2 * PART + 10)]);
    let running = start(&world, &[]).await;
    until("two parts are there", async || world.faulty.count(Operation::UploadPart) == 2).await;
    running.stop().await;
    world.nothing_is_left_of("a").await;
}
