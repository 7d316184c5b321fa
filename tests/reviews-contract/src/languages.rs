//! Any language is stored and found.

use crate::scope::{Scope, must, phrase, word};

/// A text, and a word of it that no other of these texts has.
const TEXTS: [(&str, &str); 13] = [
    ("Die Milch war warm, schöne Grüße", "GRÜßE"),
    ("牛奶是热的，司机很友好", "牛奶"),
    ("配達がとても遅かったです", "配達"),
    ("우유가 따뜻했어요", "우유가"),
    ("كان الحليب دافئًا", "الحليب"),
    ("החלב היה חם", "החלב"),
    ("Молоко было ТЁПЛЫМ", "тёплым"),
    ("Το γάλα ήταν ζεστό", "ΓΆΛΑ"),
    ("दूध गरम था", "गरम"),
    ("Le lait était tiède, l'œuf cassé", "était"),
    ("cafe\u{301} froid", "cafe\u{301}"),
    ("so slow 👎", "👎"),
    ("O leite não estava frio", "não"),
];

/// By a word of its own, in another case where it has one.
pub async fn every_language_is_found(scope: Scope) {
    scope.texts(&TEXTS.map(|(text, _)| text)).await;
    for (number, (text, sought)) in TEXTS.into_iter().enumerate() {
        assert_eq!(scope.found(vec![must(word(sought))]).await, [number], "{sought} in {text}");
    }
    assert_eq!(scope.found(vec![must(word("SCHÖNE"))]).await, [0]);
    assert_eq!(scope.found(vec![must(phrase("奶是热"))]).await, [1], "within a text that has no spaces");
}

/// Composed and not composed stay what they are.
pub async fn what_has_an_accent_comes_back_as_it_was(scope: Scope) {
    let texts =
        ["caf\u{e9}", "cafe\u{301}", "Z\u{30a}\u{301}\u{489}algo", "a\u{200d}b \u{202e}right to left"];
    scope.texts(&texts).await;
    for (number, text) in texts.into_iter().enumerate() {
        let stored = scope.store.get(&scope.id(number)).await.expect("an answer").expect("there");
        assert_eq!(stored.review.text, text);
    }
    assert_eq!(scope.found(vec![must(word("caf\u{e9}"))]).await, [0]);
    assert_eq!(scope.found(vec![must(word("cafe\u{301}"))]).await, [1]);
}
