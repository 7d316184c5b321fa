//! Points 20 and 21, and the page of a 404: what a path without an object leads to.

use std::collections::BTreeSet;

use url::form_urlencoded;

use crate::support::{Server, get, head};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn point_20_the_spa_page_is_for_navigations_only() {
    let server = Server::start(&[("S3WWW_SPA_FILE", "app.html")]).await;
    server.put("app.html", b"<p>app", "text/html").await;
    server.put("404.html", b"<p>not here", "text/html").await;
    let page = get("/some/route").with("Accept", BROWSER);

    let navigation = server.ask(&page).await;
    assert_eq!((navigation.status, navigation.text()), (200, "<p>app"));
    assert_eq!(navigation.header("content-type"), Some("text/html"));
    for name in ["accept", "sec-fetch-mode", "sec-fetch-dest"] {
        assert!(navigation.lists("vary", name), "{name}: {:?}", navigation.headers);
    }
    let by_browser = page.clone().with("Sec-Fetch-Mode", "navigate").with("Sec-Fetch-Dest", "document");
    assert_eq!(server.ask(&by_browser).await.status, 200);
    assert_eq!(server.ask(&page.clone().with("If-None-Match", navigation.etag())).await.status, 304);
    assert_eq!(server.ask(&get("/some/folder/").with("Accept", BROWSER)).await.text(), "<p>app");

    for script in [
        get("/app.js"),
        get("/app.js").with("Accept", "*/*"),
        get("/data").with("Accept", "application/json"),
        get("/app.js").with("Accept", "text/html;q=0, */*"),
        get("/app.js")
            .with("Accept", BROWSER)
            .with("Sec-Fetch-Mode", "no-cors")
            .with("Sec-Fetch-Dest", "script"),
        get("/data").with("Accept", BROWSER).with("Sec-Fetch-Mode", "cors").with("Sec-Fetch-Dest", "empty"),
    ] {
        let answer = server.ask(&script).await;
        assert_eq!(
            (answer.status, answer.text()),
            (404, "<p>not here"),
            "{:?}",
            String::from_utf8(script.bytes())
        );
        assert!(answer.lists("vary", "accept"), "what a cache keeps of it is not for a navigation");
    }
    server.stop().await;
}

#[tokio::test]
async fn point_20_without_its_page_it_is_a_404() {
    let server = Server::start(&[("S3WWW_SPA_FILE", "gone.html")]).await;
    assert_eq!(server.ask(&get("/route").with("Accept", BROWSER)).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn the_404_page_is_a_body_and_nothing_else() {
    let server = Server::start(&[]).await;
    let plain = server.ask(&get("/nothing")).await;
    assert_eq!((plain.status, plain.header("content-type")), (404, Some("application/problem+json")));

    server.put("404.html", b"<p>not here", "text/html").await;
    let etag = server.ask(&get("/404.html")).await.etag().to_owned();
    for request in [
        get("/nothing"),
        get("/nothing/"),
        get("/nothing").with("If-None-Match", &etag),
        get("/nothing").with("If-None-Match", "*"),
        get("/nothing").with("If-Match", "\"x\""),
        get("/nothing").with("Range", "bytes=0-1"),
    ] {
        let answer = server.ask(&request).await;
        assert_eq!((answer.status, answer.text()), (404, "<p>not here"));
        assert_eq!(answer.header("content-type"), Some("text/html"));
        for name in ["etag", "last-modified", "content-range", "accept-ranges"] {
            assert_eq!(answer.header(name), None, "{name} is the page's, not the path's");
        }
        assert!(answer.is_complete());
    }
    assert_eq!(server.ask(&head("/nothing")).await.length(), Some(11));
    server.stop().await;
}

#[tokio::test]
async fn point_21_a_listing_is_off_until_it_is_switched_on() {
    let server = Server::start(&[]).await;
    server.put("files/a.txt", b"hello", "text/plain").await;
    assert_eq!(server.ask(&get("/files/")).await.status, 404);
    assert_eq!(server.ask(&get("/")).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn point_21_a_listing_is_escaped() {
    let server = Server::start(&[("LISTING", "true")]).await;
    let name = "<img src=x onerror=alert(1)> & \"'.txt";
    server.put(&format!("files/{name}"), b"hello", "text/plain").await;
    server.put("files/sub/b.txt", b"hello", "text/plain").await;
    server.put("files/.hidden", b"hello", "text/plain").await;

    let page = server.ask(&get("/files/").with("Accept", BROWSER)).await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")),
        "{:?}",
        page.headers
    );
    assert!(!page.text().contains("<img"), "{}", page.text());
    assert!(page.text().contains("&lt;img"), "{}", page.text());
    assert!(page.text().contains("sub/"), "{}", page.text());
    assert!(!page.text().contains(".hidden"), "{}", page.text());
    let link =
        page.text().split('"').find(|text| text.contains("%3Cimg")).expect("a link to the file").to_owned();
    let link = link.replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
    let target = format!("/files/{}", link.trim_start_matches("./"));
    assert_eq!(server.ask(&get(&target)).await.text(), "hello", "the link {target} leads to the file");

    let json = server.ask(&get("/files/").with("Accept", "application/json")).await;
    assert!(json.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
    let _: serde_json::Value = serde_json::from_str(json.text()).expect("JSON");
    assert!(
        json.text().contains(&serde_json::to_string(name).expect("a string").trim_matches('"').to_owned())
    );
    assert!(json.lists("vary", "accept") && page.lists("vary", "accept"));
    assert_eq!(server.ask(&get("/nowhere/")).await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn point_21_a_listing_is_paged() {
    let server = Server::start(&[("LISTING", "true")]).await;
    let names: BTreeSet<String> = (0..1100).map(|number| format!("{number:04} & more.txt")).collect();
    for name in &names {
        server.put(&format!("files/{name}"), b"", "text/plain").await;
    }
    let mut listed = BTreeSet::new();
    let mut target = "/files/".to_owned();
    let mut pages = 0;
    loop {
        let page = server.ask(&get(&target).with("Accept", "application/json")).await;
        let page: serde_json::Value = serde_json::from_slice(&page.body).expect("JSON");
        let objects = page["objects"].as_array().expect("a list of objects");
        assert!(objects.len() <= 1000, "{} entries on one page", objects.len());
        for object in objects {
            let name = object["name"].as_str().expect("a name").to_owned();
            assert!(listed.insert(name.clone()), "{name} is there twice");
        }
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        target = format!("/files/?page={next}");
    }
    assert_eq!(listed, names);
    assert!(pages > 1);

    let html = server.ask(&get("/files/").with("Accept", BROWSER)).await;
    let next = html.text().split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let next = next.expect("a link to the next page").replace("&amp;", "&");
    let second = server.ask(&get(&format!("/files/{next}")).with("Accept", BROWSER)).await;
    assert_eq!(second.status, 200);
    assert!(!second.text().contains("0000 &amp; more.txt"), "the second page begins elsewhere");
    server.stop().await;
}
