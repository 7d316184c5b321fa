//! Any tag and any Content-Range of a source are read or refused, and a 206 is taken for exactly the rest that was asked for.
#![no_main]

use content_fetcher::range::{ContentRange, EntityTag};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str, Option<u64>, Option<u64>, Option<u64>)| {
    let (tag, range, from, length, announced) = data;
    if let Ok(tag) = tag.parse::<EntityTag>() {
        assert_eq!(tag.as_str().parse().as_ref(), Ok(&tag));
        assert!(HeaderValue::from_str(tag.as_str()).is_ok(), "it goes back in an If-Range");
    }
    let Ok(range) = range.parse::<ContentRange>() else { return };
    assert!(range.range.is_some() || range.length.is_some());
    let from = from.or(range.range.map(|(first, _)| first)).unwrap_or_default();
    if let Ok(whole) = range.rest(from, length, announced) {
        let (first, last) = range.range.expect("the rest has a range");
        assert!(first == from && first <= last);
        assert!(whole.is_none_or(|whole| whole - 1 == last));
        assert!(length.is_none() || length == whole);
        assert!(announced.is_none_or(|announced| announced - 1 == last - first));
    }
});
