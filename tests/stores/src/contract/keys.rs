//! Keys that are strange and allowed, and the prefix before them.

use bucket::{BucketSettings, Conditions, ListRequest, Prefix, PutOptions, StoreError};

use super::{Case, key, outcome};
use crate::differences::KeyFate;

/// What AWS takes as it is.
fn odd() -> Vec<String> {
    let mut names: Vec<String> = [
        "plain.txt",
        "with space",
        " leading",
        "trailing ",
        "plus+plus",
        "per%cent",
        "looks%20encoded%2F",
        "ü/é/日本語/🚢",
        // The same letter twice, composed and decomposed: two keys.
        "e\u{301}",
        "\u{e9}",
        "quote\"'`",
        "semi;colon:comma,equals=amp&at@dollar$",
        "question?mark",
        "hash#mark",
        "back\\slash",
        "brackets[]{}<>|^~",
        "star*",
        "new\nline",
        "tab\there",
        "UPPER/lower",
        "upper/LOWER",
        ".hidden",
        "dots...",
        "a/.b",
        "folder/",
        "/leading-slash",
        "double//slash",
        "a/./b",
        "a/../b",
        "..",
    ]
    .map(str::to_owned)
    .into();
    names.push("k".repeat(1024));
    names.push(format!("{}z", "longfolder/".repeat(90)));
    names
}

pub(super) async fn odd_keys(case: Case) {
    let told = case.differs().keys;
    let mut found = Vec::new();
    for name in odd() {
        let fate = fate(&case, &name).await;
        if fate != KeyFate::Kept {
            found.push((short(&name), fate));
        }
    }
    let told: Vec<_> = told.iter().map(|(name, fate)| ((*name).to_owned(), *fate)).collect();
    assert_eq!(found, told, "found, and told in the table of differences");
}

/// A long key as the table of differences names it.
fn short(name: &str) -> String {
    if name.len() > 100 { format!("{}… of {} bytes", &name[..10], name.len()) } else { name.to_owned() }
}

async fn fate(case: &Case, name: &str) -> KeyFate {
    let put = case.bucket.put(&key(name), name.to_owned().into(), &PutOptions::default()).await;
    match put {
        Ok(_) => {}
        Err(StoreError::Invalid { .. } | StoreError::ImpossibleKey { .. }) => return KeyFate::Refused,
        Err(error) => panic!("put {name:?}: {error}"),
    }
    match case.read(name).await {
        Ok(read) if read.is_empty() => return KeyFate::Emptied,
        Ok(read) => assert_eq!(read, name, "another object was read"),
        Err(StoreError::NotFound { .. }) => return KeyFate::Lost,
        Err(error) => panic!("get {name:?}: {error}"),
    }
    let request = ListRequest { prefix: name.to_owned(), ..ListRequest::default() };
    let listed = match case.bucket.list(&request).await {
        Ok(listing) => listing.objects.iter().any(|object| object.key.as_str() == name),
        Err(StoreError::Garbled { .. }) => false,
        Err(error) => panic!("list {name:?}: {error}"),
    };
    case.bucket.delete(&key(name)).await.unwrap_or_else(|error| panic!("delete {name:?}: {error}"));
    assert_eq!(outcome(&case.read(name).await), "NotFound", "{name:?} is still there");
    if listed { KeyFate::Kept } else { KeyFate::Unlisted }
}

pub(super) async fn prefix(case: Case) {
    let prefix = Prefix::parse("/sites/one/").unwrap();
    let site = case.again(|settings| BucketSettings { prefix, ..settings }).await;
    case.put("sites/two/a", "another's").await;
    case.put("sites/one-more/a", "another's").await;
    site.put(&key("a/b"), "ours".into(), &PutOptions::default()).await.unwrap();
    assert_eq!(case.read("sites/one/a/b").await.unwrap(), "ours");
    assert_eq!(outcome(&site.get(&key("a"), None, &Conditions::none()).await), "NotFound");
    let listing = site.list(&ListRequest::default()).await.unwrap();
    assert_eq!(listing.objects.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a/b"]);
    let upload = site.create_upload(&key("c"), &PutOptions::default()).await.unwrap();
    assert_eq!(upload.key.as_str(), "c");
    site.abort_upload(&upload).await.unwrap();
}
