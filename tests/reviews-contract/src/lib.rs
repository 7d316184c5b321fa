//! What both stores of reviews promise, as tests that run on any [`ReviewStore`].
//!
//! 1. [`ALL`] names every contract; each is given a [`Scope`] of its own, so that they can share one store.
//! 2. [`run`] holds the store to them and prints what libtest would print.
//! 3. What a store shows late is waited for, with a deadline; nothing here sleeps for luck or measures time.
//!
//! [`live`] is about the whole service as a process, in front of either store.

mod clauses;
mod expected;
mod filters;
mod hostile;
mod languages;
pub mod live;
mod marks;
mod order;
mod paging;
mod scope;
mod since;
mod statistics;
mod terms;
mod write;

use std::pin::Pin;
use std::sync::Arc;

use review_api::store::ReviewStore;

pub use scope::Scope;

/// One promise. It panics where the store breaks it.
pub type Contract = fn(Scope) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Names contracts by their function.
macro_rules! contracts {
    ($($module:ident: $($name:ident)+;)+) => { &[$($((
        concat!(stringify!($module), "::", stringify!($name)),
        |scope| Box::pin($module::$name(scope)),
    ),)+)+] };
}

/// Every contract and its name.
pub const ALL: &[(&str, Contract)] = contracts! {
    write:
        a_review_is_created_once
        every_field_comes_back
        verdicts_are_in_the_order_of_the_batch
        of_many_writers_one_creates
        many_writers_lose_and_double_nothing
        an_unknown_review_is_none
        a_document_can_be_buried;
    clauses:
        a_word_is_found_whole_and_in_any_case
        a_word_of_several_tokens_is_a_phrase
        a_phrase_is_found_in_its_order
        an_excluded_clause_leaves_out
        a_fuzzy_word_finds_its_likes
        a_prefix_finds_what_begins_so
        every_clause_must_hold
        what_has_no_word_is_found_nowhere;
    filters:
        a_period_has_its_beginning_and_not_its_end
        ratings_are_bounded_on_both_sides
        exact_values_are_any_of_a_list
        all_filters_hold_at_once;
    order:
        newest_and_oldest_are_each_others_reverse
        equal_times_are_ordered_by_id
        the_better_match_comes_first;
    paging:
        newest_pages_meet_every_review_once_while_others_come
        oldest_pages_meet_every_review_once_while_others_come
        relevance_pages_meet_every_review_once_while_others_come
        a_page_is_never_larger_than_asked_for
        a_made_up_point_is_an_error
        senseless_values_are_an_error;
    marks:
        what_matches_is_marked_and_all_else_is_escaped
        a_phrase_is_marked_where_it_stands
        nothing_is_marked_unless_asked_for;
    languages:
        every_language_is_found
        what_has_an_accent_comes_back_as_it_was;
    statistics:
        counts_by_day_are_those_of_a_plain_count
        counts_by_hour_of_an_unaligned_period
        counts_by_minute_of_a_short_period
        counts_by_week_with_empty_points
        counts_of_what_a_text_and_a_filter_match
        hubs_need_their_number_of_ratings
        a_period_without_reviews_has_its_empty_points
        what_waited_is_told;
    terms:
        the_word_of_bad_reviews_is_found
        a_text_sent_many_times_counts_once
        without_bad_reviews_there_are_no_terms;
    since:
        everything_comes_once_and_in_order
        only_what_matches_comes;
    hostile:
        syntax_is_only_text
        syntax_in_a_filter_is_only_a_value
        a_text_of_ten_thousand_characters;
};

/// Holds the store to every contract whose name contains one of `chosen`, or to all if there is none. Each runs in a
/// task of its own, so that its panic is its own. Whether all were kept.
pub async fn run(name: &str, store: Arc<dyn ReviewStore>, chosen: &[String]) -> bool {
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|part| name.contains(part.as_str()));
    let begun = std::time::Instant::now();
    let contracts: Vec<_> = ALL.iter().filter(|(name, _)| is_chosen(name)).collect();
    println!("\nrunning {} tests", contracts.len());
    let mut failed = 0;
    for (contract, hold) in &contracts {
        let held = tokio::spawn(hold(Scope::new(Arc::clone(&store)))).await;
        let result = if held.is_ok() { "ok" } else { "FAILED" };
        println!("test {name}::{contract} ... {result}");
        failed += usize::from(held.is_err());
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        contracts.len() - failed,
        ALL.len() - contracts.len(),
        begun.elapsed().as_secs_f64(),
    );
    failed == 0
}
