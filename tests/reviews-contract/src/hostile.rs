//! What is meant to be read as syntax is read as text.

use review_api::query::{Filter, Search, Text, Wanted};
use review_api::review::TEXT_MAX;
use review_api::store::ReadError;

use crate::scope::{Scope, must, number, phrase, word};

/// Each would match everything, or fail, where it is read as anything but words.
const SYNTAX: [&str; 14] = [
    "* OR id:*",
    "text:* AND NOT bystander",
    "{\"match_all\":{}}",
    "\"}},{\"match_none\":{}}]}",
    "/.*quark.*/",
    "milk~2 OR [a TO z]",
    "_exists_:id",
    "quote\" unclosed",
    "((((((((((deep",
    "back\\slash\\\\",
    "a && b || !c",
    "+must -not",
    "' OR 1=1 --",
    "${jndi:ldap://x} {{constructor}} <script>alert(1)</script>",
];

/// It is found where it was written, and nowhere else.
pub async fn syntax_is_only_text(scope: Scope) {
    let mut texts = vec!["a bystander with plain words only"];
    texts.extend(SYNTAX);
    scope.texts(&texts).await;
    for (place, syntax) in SYNTAX.into_iter().enumerate() {
        for wanted in [word(syntax), phrase(syntax), Wanted::Prefix(syntax.to_owned())] {
            let found = scope.found(vec![must(wanted.clone())]).await;
            assert_eq!(found, [place + 1], "{wanted:?}");
        }
        let fuzzy = scope.found(vec![must(Wanted::Fuzzy(syntax.to_owned()))]).await;
        assert!(fuzzy.contains(&(place + 1)) && !fuzzy.contains(&0), "{syntax} finds {fuzzy:?}");
    }
}

/// It matches nothing, as no review has it.
pub async fn syntax_in_a_filter_is_only_a_value(scope: Scope) {
    scope.texts(&["milk", "water"]).await;
    for value in SYNTAX.into_iter().chain(["*", "?", "", "s*", "\u{0}", "\u{10FFFF}"]) {
        let list = || vec![value.to_owned()];
        let filters = [
            Filter { hubs: list(), ..Filter::default() },
            Filter { languages: list(), ..Filter::default() },
            Filter { tags: list(), ..Filter::default() },
            Filter { delivery_id: Some(value.to_owned()), ..Filter::default() },
            Filter { tour: Some(value.to_owned()), ..Filter::default() },
        ];
        for filter in filters {
            assert!(scope.filtered(filter.clone()).await.is_empty(), "{filter:?}");
        }
    }
}

/// It may be refused as too costly, but not by failing, and it finds nothing else.
pub async fn a_text_of_ten_thousand_characters(scope: Scope) {
    let texts: Vec<String> = ["word ", "x", "牛", "\"*~ ", "a-b "]
        .map(|part| part.chars().cycle().take(TEXT_MAX).collect())
        .to_vec();
    let written: Vec<&str> = std::iter::once("a bystander").chain(texts.iter().map(String::as_str)).collect();
    scope.texts(&written).await;
    for text in &texts {
        for wanted in [Wanted::Word(text.clone()), Wanted::Fuzzy(text.clone()), Wanted::Prefix(text.clone())]
        {
            let search =
                Search { text: Text { clauses: vec![must(wanted)] }, highlight: true, ..scope.search() };
            match scope.store.search(&search).await {
                Ok(page) => assert!(page.hits.iter().all(|hit| number(hit) != 0)),
                Err(error) => assert!(matches!(error, ReadError::TooCostly(_)), "{error}"),
            }
        }
    }
}
