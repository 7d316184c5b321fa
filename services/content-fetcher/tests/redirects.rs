//! Where redirects lead, and what is not followed.

mod common;

use common::World;
use common::origin::{Fault, Origin, Resource};

fn to(location: impl Into<String>) -> Fault {
    Fault::Status(302, vec![("Location", location.into())])
}

#[tokio::test]
async fn redirects_are_followed_within_their_number() {
    let world = World::new().await;
    world.origin.set("/c", Resource::new("one"));
    world.origin.fail("/a", [to("/b"), to("/b")]);
    world.origin.fail("/b", [to("c"), to("c")]);
    world.run(&[("MAX_REDIRECTS", "2")]).await.with(0);
    world.holds("a", b"one").await;
    let ended = world.run(&[("MAX_REDIRECTS", "1"), ("OBJECT_KEY", "b")]).await.with(3);
    assert_eq!(ended.error(), "more than 1 redirects");
    world.nothing_is_left_of("b").await;
}

#[tokio::test]
async fn a_loop_ends() {
    let world = World::new().await;
    world.origin.fail("/a", std::iter::repeat_n(to("/a"), 100));
    let ended = world.run(&[]).await.with(3);
    assert_eq!(ended.error(), "more than 5 redirects");
    assert_eq!(world.origin.seen().len(), 6, "given up at once");
}

#[tokio::test]
async fn inner_addresses_are_refused_on_every_hop() {
    let world = World::new().await;
    let port = world.origin.port();
    // Allowed is 127.0.0.1 only: other loopback addresses would reach the same origin.
    let only = ("ALLOW_CIDRS", "127.0.0.1/32");
    for (location, address) in [
        (format!("http://127.0.0.2:{port}/b"), "127.0.0.2 is a loopback address"),
        (format!("http://[::1]:{port}/b"), "::1 is a loopback address"),
        (format!("http://[::ffff:127.0.0.2]:{port}/b"), "::ffff:127.0.0.2 is a loopback address"),
        (format!("http://2130706434:{port}/b"), "127.0.0.2 is a loopback address"),
        (format!("http://0:{port}/b"), "0.0.0.0 is an unspecified address"),
        (
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "169.254.169.254 is a cloud's metadata service",
        ),
        ("http://10.0.0.1/".to_owned(), "10.0.0.1 is a private address"),
    ] {
        world.origin.fail("/a", [to(location.clone())]);
        world.origin.forget();
        let ended = world.run(&[only]).await.with(3);
        assert!(ended.error().starts_with(address), "{location}: {}", ended.error());
        assert_eq!(world.origin.seen().len(), 1, "{location} was asked");
    }
    world.nothing_is_left_of("a").await;
}

#[tokio::test]
async fn nothing_inner_is_allowed_unless_said() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let ended = world.run(&[("ALLOW_CIDRS", "10.0.0.0/8")]).await.with(3);
    assert!(ended.error().contains("allow it in ALLOW_CIDRS"), "{}", ended.error());
    // A name is judged by what it resolves to.
    let by_name = format!("http://localhost:{}/a", world.origin.port());
    let ended = world.run(&[("ALLOW_CIDRS", "10.0.0.0/8"), ("SOURCE_URL", &by_name)]).await.with(3);
    assert!(ended.error().contains("is a loopback address"), "{}", ended.error());
    assert!(world.origin.seen().is_empty(), "the origin was asked");
    world.run(&[("SOURCE_URL", &by_name)]).await.with(0);
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    let world = World::new().await;
    world.origin.set("/a", Resource::new("one"));
    let proxy = Origin::start().await;
    let proxy_url = proxy.url("");
    world
        .run(&[("http_proxy", &proxy_url), ("HTTP_PROXY", &proxy_url), ("ALL_PROXY", &proxy_url)])
        .await
        .with(0);
    assert!(proxy.seen().is_empty(), "a proxy would connect to what was not checked");
}

#[tokio::test]
async fn secrets_stay_with_their_origin() {
    let world = World::new().await;
    let other = Origin::start().await;
    other.set("/b", Resource::new("one"));
    let back = world.origin.url("/c");
    world.origin.fail("/a", [to("/b"), to(other.url("/b"))]);
    world.origin.fail("/b", [to(back)]);
    world.origin.set("/c", Resource::new("one"));
    let headers = world.file("headers", "Authorization: Bearer hunter2\nX-Key: hunter2\n");
    let with = [("SOURCE_HEADERS_FILE", headers.as_str())];
    world.run(&with).await.with(0);
    let sent: Vec<_> =
        world.origin.seen().iter().map(|seen| seen.header("authorization").is_some()).collect();
    assert_eq!(sent, [true, true, true], "every hop here is the same origin");
    world.run(&[with[0], ("OBJECT_KEY", "b")]).await.with(0);
    let seen = other.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].header("authorization"), seen[0].header("x-key")), (None, None));
}

#[tokio::test]
async fn odd_redirects_are_named() {
    let world = World::new().await;
    for (fault, error) in [
        (Fault::Status(301, vec![]), "a redirect without a Location that can be read"),
        (to("ftp://example.org/"), "a redirect to a URL that must begin with http:// or https://"),
        (to("http://u:hunter2@127.0.0.1/"), "a redirect to a URL that must not hold a user or a password"),
        (Fault::Status(300, vec![("Location", "/b".to_owned())]), "the source answered 300"),
        (Fault::Status(304, vec![]), "the source answered 304"),
    ] {
        world.origin.fail("/a", [fault]);
        let ended = world.run(&[]).await.with(3);
        assert!(ended.error().starts_with(error), "{}", ended.error());
        assert!(!ended.log.contains("hunter2"));
    }
}
