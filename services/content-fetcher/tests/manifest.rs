//! Many items, some of which fail, and what is pruned.

mod common;

use bucket::Operation;
use common::origin::{Fault, Resource};
use common::{PART, World, content};
use serde_json::json;

/// A manifest of these paths, each to the key of its name.
fn manifest(world: &World, paths: &[&str]) -> String {
    let item = |path: &&str| json!({"url": world.origin.url(path), "key": path.trim_start_matches('/')});
    let items: Vec<_> = paths.iter().map(item).collect();
    world.file("manifest.json", &json!({ "items": items }).to_string())
}

#[tokio::test]
async fn every_item_arrives_in_the_order_of_the_manifest() {
    let world = World::new().await;
    let paths: Vec<String> = (0..40).map(|index| format!("/dir/{index}")).collect();
    for (index, path) in paths.iter().enumerate() {
        world.origin.set(path, Resource::new(content(index * 1000)));
    }
    world.origin.set(&paths[7], Resource::new(content(2 * PART + 7)));
    let path = manifest(&world, &paths.iter().map(String::as_str).collect::<Vec<_>>());
    // Fewer parts than items: they share them.
    let with = [("MANIFEST", path.as_str()), ("PARTS_IN_FLIGHT", "2"), ("ITEMS_IN_FLIGHT", "8")];
    let ended = world.run(&with).await.with(0);
    assert_eq!((&ended.summary["fetched"], &ended.summary["failed"]), (&json!(40), &json!(0)));
    let keys = ended.summary["items"].as_array().expect("items").iter().map(|item| item["key"].as_str());
    assert!(keys.eq(paths.iter().map(|path| path.strip_prefix('/'))));
    world.holds("dir/39", &content(39_000)).await;
    world.holds("dir/7", &content(2 * PART + 7)).await;
    assert_eq!(world.run(&with).await.with(0).summary["unchanged"], 40);
}

#[tokio::test]
async fn one_that_fails_does_not_stop_the_others() {
    let world = World::new().await;
    world.origin.set("/b", Resource::new("two"));
    world.origin.fail("/c", [Fault::Status(403, vec![])]);
    let path = manifest(&world, &["/a", "/b", "/c"]);
    let ended = world.run(&[("MANIFEST", &path), ("PRUNE", "true")]).await.with(3);
    let results: Vec<_> = (0..3).map(|index| ended.summary["items"][index]["result"].clone()).collect();
    assert_eq!(results, ["failed", "fetched", "failed"]);
    assert_eq!(ended.error(), "the source answered 404");
    world.holds("b", b"two").await;
    assert_eq!(world.faulty.count(Operation::List), 0, "nothing is pruned after a failure");
}

#[tokio::test]
async fn headers_files_are_found_beside_the_manifest() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    world.file("token", "X-Token: t\n");
    let yaml = format!("items:\n- url: {}\n  key: a\n  headers-from: token\n", world.origin.url("/a"));
    let path = world.file("manifest.yaml", &yaml);
    world.run(&[("MANIFEST", &path)]).await.with(0);
    assert_eq!(world.origin.seen()[0].header("x-token"), Some("t"));
}

#[tokio::test]
async fn what_is_no_longer_named_is_pruned_if_told() {
    let world = World::new().await;
    for key in ["old", "dir/old", "odd key+ü"] {
        world.put(key, b"old").await;
    }
    world.origin.set("/a", Resource::new("one"));
    let path = manifest(&world, &["/a"]);
    assert_eq!(world.run(&[("MANIFEST", &path)]).await.with(0).summary["pruned"], 0);
    assert!(world.object("old").await.is_some());
    let ended = world.run(&[("MANIFEST", &path), ("PRUNE", "true")]).await.with(0);
    assert_eq!(ended.summary["pruned"], 3);
    for key in ["old", "dir/old", "odd key+ü"] {
        assert!(world.object(key).await.is_none(), "{key} is still there");
        assert!(ended.log.contains(key), "{key} is not in the log");
    }
    world.holds("a", b"one").await;
}

#[tokio::test]
async fn pruning_refuses_what_is_hardly_meant() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    for key in ["x", "y", "z"] {
        world.put(key, b"old").await;
    }
    let path = manifest(&world, &["/a"]);
    let prune = [("MANIFEST", path.as_str()), ("PRUNE", "true")];
    let too_many = world.run(&[&prune[..], &[("PRUNE_MAX", "2")]].concat()).await.with(2);
    assert_eq!(too_many.summary["error"], "nothing pruned: more than 2 keys would go, as PRUNE_MAX allows");
    let whole = world.run(&[&prune[..], &[("S3_PREFIX", "")]].concat()).await.with(2);
    assert!(whole.summary["error"].as_str().is_some_and(|error| error.contains("PRUNE_WHOLE_BUCKET")));
    let empty = manifest(&world, &[]);
    let empty = world.run(&[("MANIFEST", empty.as_str()), ("PRUNE", "true")]).await.with(2);
    assert_eq!(empty.summary["error"], "nothing pruned: the manifest names no item");
    for key in ["x", "y", "z"] {
        world.holds(key, b"old").await;
    }
    let path = manifest(&world, &["/a"]);
    let all =
        [("MANIFEST", path.as_str()), ("PRUNE", "true"), ("S3_PREFIX", ""), ("PRUNE_WHOLE_BUCKET", "true")];
    // Without a prefix, what lies under `pre/` is just more keys: x, y, z and the earlier a.
    assert_eq!(world.run(&all).await.with(0).summary["pruned"], 4);
}
