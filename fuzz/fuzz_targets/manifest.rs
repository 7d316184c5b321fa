//! Any text is a manifest whose items keep their rules, or an error that names what is wrong.
#![no_main]

use std::collections::HashSet;
use std::path::Path;

use content_fetcher::manifest::{ITEMS_MAX, Manifest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    match Manifest::parse(text, Path::new("folder")) {
        Ok(manifest) => {
            assert!(manifest.items().len() <= ITEMS_MAX);
            let keys: HashSet<_> = manifest.items().iter().map(|item| item.key.as_str()).collect();
            assert_eq!(keys.len(), manifest.items().len());
            for item in manifest.items() {
                assert!(matches!(item.url.get().scheme(), "http" | "https"));
                assert!(item.url.get().username().is_empty() && item.url.get().password().is_none());
                assert!(!item.key.as_str().split('/').any(|segment| matches!(segment, "" | "." | "..")));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
