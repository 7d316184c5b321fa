//! Any conditions come to a decision, and it keeps the order of RFC 9110 §13.2.2.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use file_server::http::{
    conditional::{Decision, Validators, evaluate},
    etag::EntityTag,
};
use http::{
    HeaderMap, HeaderValue, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], Vec<(u8, &[u8])>, u64)| {
    let (tag, lines, modified) = data;
    let names = [IF_MATCH, IF_UNMODIFIED_SINCE, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE];
    let mut headers = HeaderMap::new();
    for (name, value) in lines.into_iter().take(100) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(names[usize::from(name) % names.len()].clone(), value);
        }
    }
    let etag = EntityTag::parse(tag);
    let last_modified = UNIX_EPOCH.checked_add(Duration::from_secs(modified));
    let current = Validators { etag: etag.as_ref(), last_modified };
    let conditional = headers.contains_key(IF_MATCH) || headers.contains_key(IF_UNMODIFIED_SINCE);
    match evaluate(&Method::GET, &headers, current) {
        Decision::PreconditionFailed => assert!(conditional),
        Decision::NotModified => {
            assert!(headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE));
        }
        Decision::SendWhole => assert!(headers.contains_key(RANGE) && headers.contains_key(IF_RANGE)),
        Decision::Send => {}
    }
});
