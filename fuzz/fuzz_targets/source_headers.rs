//! Any Retry-After, Location and Content-Type of a source, and any file of headers for it, are read or refused.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use content_fetcher::{
    headers,
    item::{FieldText, SourceUrl},
    redirect,
    retry::{Advice, Decision, RetryPolicy, retry_after},
};
use http::{HeaderValue, header};
use libfuzzer_sys::fuzz_target;

const POLICY: RetryPolicy = RetryPolicy {
    attempts: 3,
    base: Duration::from_secs(1),
    cap: Duration::from_secs(30),
    retry_after_cap: Duration::from_mins(5),
};

fuzz_target!(|data: (&str, u32, &[u8], &str, &[u8])| {
    let (wait, now, location, content_type, file) = data;
    if let Some(asked) = retry_after(wait, UNIX_EPOCH + Duration::from_secs(now.into())) {
        let decided = POLICY.decide(Advice::After(asked), 1, 0.999);
        assert!(matches!(decided, Decision::Wait(wait) if wait <= POLICY.retry_after_cap + POLICY.base));
    }
    if let Ok(location) = HeaderValue::from_bytes(location) {
        let current: SourceUrl = "https://a.example/folder/file?query".parse().expect("a URL");
        if let Ok(next) = redirect::next(&current, Some(&location)) {
            let url = next.get();
            assert_eq!((url.scheme(), url.username(), url.password()), ("https", "", None));
            assert!(url.has_host() && url.fragment().is_none());
        }
    }
    if let Ok(text) = content_type.parse::<FieldText>() {
        assert!(HeaderValue::from_str(text.as_str()).is_ok(), "it goes on to the store");
    }
    match headers::parse(file) {
        Ok(headers) => {
            assert!(headers.len() <= 50 && headers.values().all(HeaderValue::is_sensitive));
            let ruled = [header::HOST, header::RANGE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
            assert!(!ruled.iter().any(|name| headers.contains_key(name)));
        }
        Err(fault) => assert!(!fault.to_string().is_empty()),
    }
});
