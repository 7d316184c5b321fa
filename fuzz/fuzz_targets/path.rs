//! Any request path is a key within its rules, or an error; a redirect made from it stays on the host.
#![no_main]

use file_server::http::path::{KEY_MAX, ObjectPath, encode_key};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&str, &str)| {
    let (raw, query) = data;
    let Ok(path) = ObjectPath::parse(raw) else { return };
    assert!(path.key().len() <= KEY_MAX);
    assert!(!path.key().contains('\0'));
    assert!(path.key().split(['/', '\\']).all(|segment| segment != "." && segment != ".."));
    assert_eq!(ObjectPath::parse(&format!("/{}", encode_key(path.key()))), Ok(path.clone()));
    if let Some(location) = path.slash_redirect(Some(query)) {
        assert!(location.starts_with("./"));
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        let (there, _) = location.split_once('?').expect("the query is kept");
        assert_eq!(there.matches('/').count(), 2);
    }
});
