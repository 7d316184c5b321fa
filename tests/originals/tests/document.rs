//! `docs/originals.md` holds the list as the code has it.

use std::path::Path;

use tests_originals::document::rendered_into;

#[test]
fn the_page_is_as_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/originals.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let rendered = rendered_into(&page);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, rendered).expect("the page is written");
    } else {
        assert!(
            page == rendered,
            "{} is not as the list: UPDATE=1 cargo test -p tests-originals",
            path.display()
        );
    }
}
