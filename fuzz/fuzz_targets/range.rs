//! Any Range selects bytes that exist, none of them twice, in an answer no longer than the object.
#![no_main]

use file_server::http::{
    multipart::Multipart,
    range::{PARTS_MAX, Selection, select},
};
use http::{HeaderMap, HeaderValue, header::RANGE};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], u64)| {
    let (text, size) = data;
    let Ok(value) = HeaderValue::from_bytes(text) else { return };
    match select(&HeaderMap::from_iter([(RANGE, value)]), size) {
        Selection::Whole | Selection::Unsatisfiable => {}
        Selection::One(range) => assert!(range.first() <= range.last() && range.last() < size),
        Selection::Several(mut ranges) => {
            assert!((2..=PARTS_MAX).contains(&ranges.len()));
            if let Some(multipart) = Multipart::new(&ranges, size, None, 0) {
                assert!(multipart.length() < size);
            }
            ranges.sort_by_key(|range| range.first());
            assert!(ranges.iter().all(|range| range.first() <= range.last() && range.last() < size));
            assert!(ranges.windows(2).all(|two| two[0].last() < two[1].first()));
        }
    }
});
