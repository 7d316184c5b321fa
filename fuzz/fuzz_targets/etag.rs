//! Any bytes are a tag or none; a tag reads back as itself, and its codings are told apart.
#![no_main]

use file_server::http::{
    accept_encoding::Coding,
    etag::{Comparison, EntityTag},
};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], &[u8])| {
    let (one, condition) = data;
    let stored = EntityTag::from_store(&String::from_utf8_lossy(one));
    for tag in [EntityTag::parse(one), stored].into_iter().flatten() {
        assert_eq!(EntityTag::parse(tag.header().as_bytes()).as_ref(), Some(&tag));
        assert!(tag.matches(&tag, Comparison::Weak));
        assert_eq!(tag.matches(&tag, Comparison::Strong), !tag.is_weak());
        assert!(!tag.matches(&tag.in_coding(Coding::Brotli), Comparison::Weak));
        assert!(tag.weakened().is_weak());
        if let Ok(line) = HeaderValue::from_bytes(condition) {
            let strong = tag.matches_any([&line], Comparison::Strong);
            assert!(!strong || tag.matches_any([&line], Comparison::Weak));
        }
    }
});
