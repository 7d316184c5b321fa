//! Passages that match.

use review_api::query::{Search, Text, Wanted};

use crate::scope::{Scope, must, phrase, word};

async fn passages(scope: &Scope, wanted: Wanted) -> Vec<String> {
    let text = Text { clauses: vec![must(wanted)] };
    let page = scope.page(&Search { text, highlight: true, ..scope.search() }).await;
    page.hits.into_iter().flat_map(|hit| hit.highlights).collect()
}

/// What a browser makes of a passage without its marks.
fn plain(passage: &str) -> String {
    let mut text = passage.replace("<mark>", "").replace("</mark>", "");
    assert!(!text.contains(['<', '>']), "only marks are elements: {passage}");
    for (escaped, plain) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ] {
        text = text.replace(escaped, plain);
    }
    text
}

/// A text that would be a script stays a text.
pub async fn what_matches_is_marked_and_all_else_is_escaped(scope: Scope) {
    let text = "milk <script>alert('milk & \"honey\"')</script> </mark> end";
    scope.texts(&[text]).await;
    for wanted in
        [word("milk"), word("SCRIPT"), Wanted::Prefix("scr".to_owned()), Wanted::Fuzzy("milc".to_owned())]
    {
        let passages = passages(&scope, wanted.clone()).await;
        assert!(!passages.is_empty(), "{wanted:?}");
        for passage in &passages {
            assert!(text.contains(plain(passage).trim()), "{passage}");
            assert_eq!(passage.matches("<mark>").count(), passage.matches("</mark>").count(), "{passage}");
        }
        let all = passages.concat();
        let marked = if all.contains("<mark>milk</mark>") { "milk" } else { "script" };
        assert!(all.contains(&format!("<mark>{marked}</mark>")), "{all}");
    }
    let all = passages(&scope, word("script")).await.concat();
    assert!(all.contains("&lt;<mark>script</mark>&gt;"), "{all}");
}

/// And not where one of its words stands alone.
pub async fn a_phrase_is_marked_where_it_stands(scope: Scope) {
    scope.texts(&["milk was cold, the cold milk was good"]).await;
    let all = passages(&scope, phrase("cold milk")).await.concat();
    let all = all.replace("</mark> <mark>", " ");
    assert!(all.contains("the <mark>cold milk</mark> was"), "{all}");
    assert_eq!(all.matches("<mark>").count(), 1, "{all}");
}

/// Nor without a text.
pub async fn nothing_is_marked_unless_asked_for(scope: Scope) {
    scope.texts(&["cold milk"]).await;
    let text = Text { clauses: vec![must(word("milk"))] };
    let page = scope.page(&Search { text, ..scope.search() }).await;
    assert!(page.hits[0].highlights.is_empty());
    let page = scope.page(&Search { highlight: true, ..scope.search() }).await;
    assert!(page.hits[0].highlights.is_empty());
}
