//! What a text must and must not hold.

use review_api::query::Wanted;

use crate::scope::{Scope, must, must_not, phrase, word};

fn fuzzy(text: &str) -> Wanted {
    Wanted::Fuzzy(text.to_owned())
}

fn prefix(text: &str) -> Wanted {
    Wanted::Prefix(text.to_owned())
}

/// Not as a part of a longer one.
pub async fn a_word_is_found_whole_and_in_any_case(scope: Scope) {
    scope.texts(&["The MILK was warm.", "Milkshake!", "milk, again", "water"]).await;
    assert_eq!(scope.found(vec![must(word("milk"))]).await, [0, 2]);
    assert_eq!(scope.found(vec![must(word("mIlK"))]).await, [0, 2]);
    assert_eq!(scope.found(Vec::new()).await, [0, 1, 2, 3]);
}

/// `door-bell` is two words next to each other.
pub async fn a_word_of_several_tokens_is_a_phrase(scope: Scope) {
    scope.texts(&["the door bell rang", "a bell at the door", "Door-bell broken", "door to bell"]).await;
    assert_eq!(scope.found(vec![must(word("door-bell"))]).await, [0, 2]);
}

/// Next to each other.
pub async fn a_phrase_is_found_in_its_order(scope: Scope) {
    scope.texts(&["very cold milk today", "milk cold", "cold, fresh milk", "COLD MILK"]).await;
    assert_eq!(scope.found(vec![must(phrase("cold milk"))]).await, [0, 3]);
    assert_eq!(scope.found(vec![must(phrase("very cold milk today"))]).await, [0]);
    assert_eq!(scope.found(vec![must(phrase("milk"))]).await, [0, 1, 2, 3]);
}

/// Alone, and beside what must hold.
pub async fn an_excluded_clause_leaves_out(scope: Scope) {
    scope.texts(&["warm milk", "cold milk", "cold water"]).await;
    assert_eq!(scope.found(vec![must_not(word("milk"))]).await, [2]);
    assert_eq!(scope.found(vec![must(word("milk")), must_not(word("cold"))]).await, [0]);
    assert_eq!(scope.found(vec![must_not(phrase("cold milk"))]).await, [0, 2]);
    assert_eq!(scope.found(vec![must_not(fuzzy("wattr"))]).await, [0, 1]);
    assert_eq!(scope.found(vec![must_not(prefix("wa"))]).await, [1]);
}

/// One edit from 3 characters, two from 6; two letters swapped are one edit.
pub async fn a_fuzzy_word_finds_its_likes(scope: Scope) {
    scope.texts(&["milk", "mlik", "mild", "meld", "delivery", "delievry", "delivers", "delta", "ok"]).await;
    assert_eq!(scope.found(vec![must(fuzzy("milk"))]).await, [0, 1, 2]);
    assert_eq!(scope.found(vec![must(fuzzy("Delivery"))]).await, [4, 5, 6]);
    assert_eq!(scope.found(vec![must(fuzzy("ok"))]).await, [8]);
    assert!(scope.found(vec![must(fuzzy("zzzzzz"))]).await.is_empty());
}

/// And what is exactly so.
pub async fn a_prefix_finds_what_begins_so(scope: Scope) {
    scope.texts(&["Kühlschrank", "kühl", "abgekühlt", "Kuhmilch", "sehr kühles Wasser"]).await;
    assert_eq!(scope.found(vec![must(prefix("KÜHL"))]).await, [0, 1, 4]);
    assert_eq!(scope.found(vec![must(prefix("ku"))]).await, [3]);
    assert_eq!(scope.found(vec![must(prefix("sehr kü"))]).await, [4]);
}

/// Sixteen of them, the most there can be.
pub async fn every_clause_must_hold(scope: Scope) {
    scope.texts(&["a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1 o1 p1", "a1 b1 c1 d1 e1 f1 g1 h1"]).await;
    let clauses =
        ["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "j1", "k1", "l1", "m1", "n1", "o1", "p1"];
    assert_eq!(scope.found(clauses.map(|text| must(word(text))).to_vec()).await, [0]);
    assert_eq!(scope.found(vec![must(word("a1")), must(phrase("b1 c1")), must(prefix("h1"))]).await, [0, 1]);
}

/// And leaves nothing out either.
pub async fn what_has_no_word_is_found_nowhere(scope: Scope) {
    scope.texts(&["milk *** milk", "water"]).await;
    for wanted in [word("***"), phrase("- - -"), word(""), fuzzy("…"), prefix("**")] {
        assert!(scope.found(vec![must(wanted.clone())]).await.is_empty(), "{wanted:?}");
        assert_eq!(scope.found(vec![must_not(wanted.clone())]).await, [0, 1], "{wanted:?}");
    }
}
