//! Any traceparent is carried on as the same trace under a new parent, or is as if it were absent.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use service_kit::TraceContext;

fuzz_target!(|data: (Vec<&[u8]>, &[u8])| {
    let (parents, state) = data;
    let (parent, tracestate) =
        (HeaderName::from_static("traceparent"), HeaderName::from_static("tracestate"));
    let mut headers = HeaderMap::new();
    for value in parents.into_iter().filter_map(|value| HeaderValue::from_bytes(value).ok()).take(10) {
        headers.append(&parent, value);
    }
    headers.extend(HeaderValue::from_bytes(state).ok().map(|value| (tracestate.clone(), value)));
    if let Some(context) = TraceContext::take(&headers) {
        assert!(
            context.trace_id().len() == 32 && context.trace_id().bytes().all(|byte| byte.is_ascii_hexdigit())
        );
        let mut carried = HeaderMap::new();
        context.carry_on(&mut carried);
        assert_eq!(TraceContext::take(&carried), Some(context));
        assert_eq!(carried.get(&tracestate), headers.get(&tracestate));
    }
});
