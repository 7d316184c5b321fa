//! Any Accept-Encoding gives each coding a weight, and x-gzip that of gzip.
#![no_main]

use file_server::http::{
    accept_encoding::{AcceptEncoding, Coding, StoredEncoding},
    quality::FULL,
};
use http::{HeaderMap, HeaderValue, header::ACCEPT_ENCODING};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (Vec<&[u8]>, &str)| {
    let (lines, stored) = data;
    let mut headers = HeaderMap::new();
    for value in lines.into_iter().filter_map(|line| HeaderValue::from_bytes(line).ok()).take(100) {
        headers.append(ACCEPT_ENCODING, value);
    }
    let client = AcceptEncoding::of(&headers);
    for coding in [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Identity] {
        assert!(client.quality(coding.name()) <= FULL);
    }
    assert_eq!(client.quality("gzip"), client.quality("x-gzip"));
    let stored = StoredEncoding::parse(stored);
    assert_eq!(stored.header().is_none(), stored.is_identity());
    stored.accepted_by(&client);
});
