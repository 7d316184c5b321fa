//! What is to be done for an item, seen from what the bucket holds. A pure function with a table of tests.
//!
//! 1. Nothing is held: fetch.
//! 2. The headers that the item names are not those of the object: fetch, so that a change in the manifest arrives.
//! 3. The item names a hash: nothing to do where the object's metadata says the same, else fetch.
//! 4. Else, where the object came from the same URL, ask the source whether its tag is still the same.

use std::collections::BTreeMap;

use bucket::{ObjectMeta, PutOptions};

use crate::item::{FieldText, Item, ObjectKey, SourceUrl};
use crate::range::EntityTag;
use crate::store::MARK;
use crate::verify::Digest;

/// The metadata that holds the content's SHA-256.
pub const SHA256: &str = "sha256";
/// The metadata that holds the source's tag.
pub const SOURCE_ETAG: &str = "source-etag";
/// The metadata that holds the SHA-256 of the source's URL: the URL itself may hold a secret.
pub const SOURCE_URL: &str = "source-url-sha256";

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Plan {
    /// The bucket holds it.
    Nothing,
    /// Fetch; if a tag is given, only what has another.
    Fetch(Option<EntityTag>),
}

/// Decides what to do for `item`, where the bucket holds `held`.
pub fn plan(item: &Item, held: Option<&ObjectMeta>) -> Plan {
    let Some(held) = held else { return Plan::Fetch(None) };
    let names = |wanted: &Option<FieldText>, found: &Option<String>| {
        wanted.as_ref().is_none_or(|wanted| found.as_deref() == Some(wanted.as_str()))
    };
    if !names(&item.content_type, &held.content_type) || !names(&item.cache_control, &held.cache_control) {
        return Plan::Fetch(None);
    }
    let meta = |name: &str| held.metadata.get(name);
    if let Some(wanted) = item.sha256 {
        let same = meta(SHA256).and_then(|found| found.parse::<Digest>().ok()) == Some(wanted);
        return if same { Plan::Nothing } else { Plan::Fetch(None) };
    }
    let same_url = meta(SOURCE_URL).is_some_and(|found| *found == url_digest(&item.url));
    Plan::Fetch(meta(SOURCE_ETAG).filter(|_| same_url).and_then(|tag| tag.parse().ok()))
}

/// What is known of the content when its object is begun.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its hash: the wanted one before the end, the found one after.
    pub digest: Option<Digest>,
    /// The source's tag.
    pub tag: Option<EntityTag>,
    /// The source's Content-Type.
    pub content_type: Option<FieldText>,
    /// The codings the source put on it.
    pub content_encoding: Option<FieldText>,
}

/// What the object of `item` is stored with. `mark` tells this transfer's object from any other.
pub fn options(item: &Item, known: &Known, mark: &str) -> PutOptions {
    let text = |field: &Option<FieldText>| field.as_ref().map(|field| field.as_str().to_owned());
    let content_type = text(&item.content_type).or_else(|| text(&known.content_type));
    let mut metadata =
        BTreeMap::from([(MARK.to_owned(), mark.to_owned()), (SOURCE_URL.to_owned(), url_digest(&item.url))]);
    metadata.extend(known.digest.map(|digest| (SHA256.to_owned(), digest.to_string())));
    metadata.extend(known.tag.as_ref().map(|tag| (SOURCE_ETAG.to_owned(), tag.to_string())));
    PutOptions {
        content_type: Some(content_type.unwrap_or_else(|| guessed_type(&item.key))),
        content_encoding: text(&known.content_encoding),
        cache_control: text(&item.cache_control),
        metadata,
        ..PutOptions::default()
    }
}

fn guessed_type(key: &ObjectKey) -> String {
    mime_guess::from_path(key.as_str()).first_or_octet_stream().to_string()
}

fn url_digest(url: &SourceUrl) -> String {
    Digest::of(url.get().as_str()).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn item(sha256: Option<Digest>) -> Item {
        Item {
            url: "https://example.org/a".parse().expect("a URL"),
            key: "a.html".parse().expect("a key"),
            sha256,
            content_type: None,
            cache_control: None,
            headers_from: None,
        }
    }

    fn field(text: &str) -> Option<FieldText> {
        text.parse().ok()
    }

    fn held(options: PutOptions) -> ObjectMeta {
        ObjectMeta {
            etag: bucket::ETag::new("\"x\""),
            last_modified: SystemTime::UNIX_EPOCH,
            content_length: 3,
            content_type: options.content_type,
            content_encoding: None,
            cache_control: options.cache_control,
            content_disposition: None,
            content_language: None,
            expires: None,
            metadata: options.metadata,
        }
    }

    fn known(digest: Option<Digest>, tag: &str) -> Known {
        Known { digest, tag: tag.parse().ok(), ..Known::default() }
    }

    #[test]
    fn what_the_bucket_holds_by_hash_is_left_alone() {
        let (right, wrong) = (Digest::of("abc"), Digest::of("abd"));
        for (wanted, found, expected) in [
            (right, Some(right), Plan::Nothing),
            (right, Some(wrong), Plan::Fetch(None)),
            (right, None, Plan::Fetch(None)),
        ] {
            let item = item(Some(wanted));
            // The tag is the same: it must not stand in for a hash.
            let held = held(options(&item, &known(found, "\"v1\""), "m"));
            assert_eq!(plan(&item, Some(&held)), expected);
        }
        assert_eq!(plan(&item(Some(right)), None), Plan::Fetch(None));
    }

    #[test]
    fn without_a_hash_the_sources_tag_is_asked_about() {
        let item = item(None);
        for (tag, expected) in
            [("\"v1\"", "\"v1\"".parse().ok()), ("W/\"v1\"", "W/\"v1\"".parse().ok()), ("v1", None)]
        {
            let held = held(options(&item, &known(Some(Digest::of("abc")), tag), "m"));
            assert_eq!(plan(&item, Some(&held)), Plan::Fetch(expected), "{tag}");
        }
        let mut moved = item.clone();
        moved.url = "https://example.org/b".parse().expect("a URL");
        let held = held(options(&item, &known(None, "\"v1\""), "m"));
        assert_eq!(plan(&moved, Some(&held)), Plan::Fetch(None), "another URL's tag says nothing");
    }

    #[test]
    fn headers_that_changed_in_the_manifest_arrive() {
        let digest = Some(Digest::of("abc"));
        let before = item(digest);
        let object = held(options(&before, &known(digest, "\"v1\""), "m"));
        assert_eq!(object.content_type.as_deref(), Some("text/html"));
        let same = Item { content_type: field("text/html"), ..before.clone() };
        let retyped = Item { content_type: field("text/plain"), ..before.clone() };
        let cached = Item { cache_control: field("max-age=60"), ..before };
        assert_eq!(plan(&same, Some(&object)), Plan::Nothing);
        assert_eq!(plan(&retyped, Some(&object)), Plan::Fetch(None));
        assert_eq!(plan(&cached, Some(&object)), Plan::Fetch(None));
    }

    #[test]
    fn the_type_is_the_items_then_the_sources_then_the_keys() {
        let typed = Item { content_type: field("text/x-own"), ..item(None) };
        let source = Known { content_type: field("text/x-source"), ..Known::default() };
        let of = |item: &Item, known: &Known| options(item, known, "m").content_type;
        assert_eq!(of(&typed, &source).as_deref(), Some("text/x-own"));
        assert_eq!(of(&item(None), &source).as_deref(), Some("text/x-source"));
        assert_eq!(of(&item(None), &Known::default()).as_deref(), Some("text/html"));
        let plain = Item { key: "LICENSE".parse().expect("a key"), ..item(None) };
        assert_eq!(of(&plain, &Known::default()).as_deref(), Some("application/octet-stream"));
    }

    #[test]
    fn the_metadata_shows_no_url() {
        let secret = Item { url: "https://example.org/?sig=hunter2".parse().expect("a URL"), ..item(None) };
        let options = options(&secret, &Known::default(), "m");
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(options.metadata.keys().collect::<Vec<_>>(), [MARK, SOURCE_URL]);
    }
}
