//! Any Accept and any fetch metadata come to an answer.
#![no_main]

use file_server::http::{accept, quality::FULL};
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], &[u8], &[u8])| {
    let names = ["accept", "sec-fetch-mode", "sec-fetch-dest"].map(HeaderName::from_static);
    let mut headers = HeaderMap::new();
    for (name, value) in names.into_iter().zip([data.0, data.1, data.2]) {
        headers.extend(HeaderValue::from_bytes(value).ok().map(|value| (name, value)));
    }
    let html = accept::quality(&headers, "text/html");
    assert!(html <= FULL);
    assert_eq!(accept::prefers_json(&headers), accept::quality(&headers, "application/json") > html);
    accept::is_navigation(&headers);
});
