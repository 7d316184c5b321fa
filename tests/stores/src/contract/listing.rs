//! Listing: in order, in pages, by folders.

use bucket::{ListRequest, Listing, PutOptions};

use super::{Case, key, outcome};
use crate::differences::KeyFate;

fn names(listing: &Listing) -> Vec<&str> {
    listing.objects.iter().map(|object| object.key.as_str()).collect()
}

pub(super) async fn pages(case: Case) {
    assert_eq!(case.bucket.list(&ListRequest::default()).await.unwrap(), Listing::default());
    let mut expected: Vec<String> = (0..25).map(|number| format!("p/{number:02}")).collect();
    expected.extend(["a", "p-", "q/ü", "ü"].map(str::to_owned));
    for name in &expected {
        case.put(name, name.clone()).await;
    }
    expected.sort_by_key(|name| {
        // What comes before every other character.
        if case.differs().lists_in_order { name.clone() } else { name.replace('/', "\0") }
    });
    for page in [1, 7, 1000] {
        let mut found = Vec::new();
        let mut request = ListRequest { max_keys: Some(page), ..ListRequest::default() };
        loop {
            let listing = case.bucket.list(&request).await.unwrap();
            assert!(listing.objects.len() <= page as usize);
            found.extend(names(&listing).into_iter().map(str::to_owned));
            request.continuation = listing.continuation;
            if request.continuation.is_none() {
                break;
            }
            assert!(found.len() < 1000, "a listing without end");
        }
        assert_eq!(found, expected, "pages of {page}");
    }
    // No base64, which MinIO's are, and base64 that leads out of the prefix.
    for continuation in ["rubbish", "enp6"].map(|token| Some(token.to_owned())) {
        let request = ListRequest { prefix: "p/".into(), continuation, ..ListRequest::default() };
        let page = case.bucket.list(&request).await;
        assert!(["Ok", "NoSuchPage"].contains(&outcome(&page).as_str()), "{request:?}: {page:?}");
    }
    let request = ListRequest { prefix: "p/1".into(), ..ListRequest::default() };
    let listing = case.bucket.list(&request).await.unwrap();
    assert_eq!(names(&listing), (10..20).map(|number| format!("p/{number}")).collect::<Vec<_>>());
    let first = &listing.objects[0];
    assert_eq!(first.size, 4);
    assert!(first.last_modified.is_some());
    let tag = case.put("p/10", "p/10").await;
    assert_eq!(first.etag.is_some(), case.differs().lists_tags, "a listing's tag: {first:?}");
    assert!(first.etag.as_ref().is_none_or(|listed| *listed == tag), "{:?} is not {tag}", first.etag);
}

pub(super) async fn folders(case: Case) {
    for name in ["a.txt", "docs/a", "docs/b/c", "docs/b/d", "images/a.png", "z"] {
        case.put(name, "x").await;
    }
    for (prefix, objects, folders) in [
        ("", vec!["a.txt", "z"], vec!["docs/", "images/"]),
        ("docs/", vec!["docs/a"], vec!["docs/b/"]),
        ("docs", vec![], vec!["docs/"]),
        ("i", vec![], vec!["images/"]),
        ("nothing/", vec![], vec![]),
    ] {
        let request =
            ListRequest { prefix: prefix.into(), delimiter: Some("/".into()), ..ListRequest::default() };
        let listing = case.bucket.list(&request).await.unwrap();
        assert_eq!(
            (names(&listing), listing.folders.iter().map(String::as_str).collect()),
            (objects, folders),
            "{prefix:?}"
        );
    }
    // Folders count for a page as objects do.
    let mut request =
        ListRequest { delimiter: Some("/".into()), max_keys: Some(1), ..ListRequest::default() };
    let mut all = Vec::new();
    loop {
        let listing = case.bucket.list(&request).await.unwrap();
        assert!(listing.objects.len() + listing.folders.len() <= 1);
        all.extend(names(&listing).into_iter().map(str::to_owned));
        all.extend(listing.folders);
        request.continuation = listing.continuation;
        if request.continuation.is_none() {
            break;
        }
        assert!(all.len() < 100, "a listing without end");
    }
    assert_eq!(all, ["a.txt", "docs/", "images/", "z"]);
}

pub(super) async fn below_an_object(case: Case) {
    case.put("p", "an object").await;
    let put = case.bucket.put(&key("p/a"), "below it".into(), &PutOptions::default()).await;
    let told = case.differs().below_an_object;
    if told == KeyFate::Refused {
        assert_eq!(outcome(&put), "Invalid", "{put:?}");
        assert_eq!(case.read("p").await.unwrap(), "an object");
        return;
    }
    put.unwrap();
    assert_eq!(case.read("p").await.unwrap(), "an object");
    assert_eq!(case.read("p/a").await.unwrap(), "below it");
    let listing = case.bucket.list(&ListRequest::default()).await.unwrap();
    let expected: &[&str] = if told == KeyFate::Kept { &["p", "p/a"] } else { &["p"] };
    assert_eq!(names(&listing), expected);
}
