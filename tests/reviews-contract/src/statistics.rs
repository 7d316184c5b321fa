//! Numbers are exactly those of a plain count over the same documents.

use review_api::query::{Filter, Interval, Stats, StatsQuery, Text};
use review_api::review::Review;

use crate::expected::{Expected, expected};
use crate::scope::{BASE, DAY, HOUR, MINUTE, Scope, must, time, word};

/// Reviews of a scope: within ten days before and after [`BASE`].
const REVIEWS: usize = 900;
/// Averages and shares are sums and quotients of small numbers.
const EXACT: f64 = 1e-9;

/// Numbers that look random and are the same each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % sides
    }
}

/// Hubs differ in size and quality; some reviews lack rating, hub or language; nights are empty.
fn reviews(scope: &Scope) -> Vec<Review> {
    let mut dice = Dice(7);
    let names = ["north", "south", "east", "west", "mill", "lone"];
    let languages = ["de", "de", "de", "fr", "fr", "pl", "it"];
    let one = |number: usize| {
        let day = i64::try_from(dice.roll(20)).expect("small") - 10;
        let within = i64::try_from(dice.roll(14 * 3_600_000)).expect("small");
        let hub = usize::try_from(dice.roll(7) * dice.roll(7) / 6).expect("small");
        let rating = match dice.roll(8) {
            0 => None,
            roll if roll > 4 => Some(5 - u8::try_from(hub % 5).expect("small")),
            roll => u8::try_from(roll).ok(),
        };
        let language = usize::try_from(dice.roll(9)).expect("small");
        let text = if dice.roll(3) == 0 { "cold milk" } else { "cold water" };
        Review {
            rating,
            language: languages.get(language).map(|&code| code.to_owned()),
            written_at: time(BASE + day * DAY + 6 * HOUR + within),
            hub: names.get(hub).map(|name| scope.hub(name)),
            ..scope.review(number, text)
        }
    };
    (0..REVIEWS).map(one).collect()
}

fn query(scope: &Scope, interval: Interval, from: i64, to: i64) -> StatsQuery {
    let filter = Filter { from: Some(time(from)), to: Some(time(to)), ..scope.filter() };
    StatsQuery { text: Text::default(), filter, interval, min_count: 1, hubs: 100 }
}

async fn stats(scope: &Scope, query: &StatsQuery) -> Stats {
    let stats = scope.store.stats(query).await.expect("the store answers");
    assert!(!stats.partial, "the store ended early");
    stats
}

/// Asks, counts, and compares.
async fn compare(scope: &Scope, interval: Interval, from: i64, to: i64) {
    let reviews = reviews(scope);
    scope.fill(&reviews).await;
    let answer = stats(scope, &query(scope, interval, from, to)).await;
    assert_eq!((answer.from, answer.to), (time(from), time(to)));
    same(&answer, &expected(&reviews, interval, from, to, 1));
}

fn near(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < EXACT,
        (None, None) => true,
        _ => false,
    }
}

fn same(answer: &Stats, expected: &Expected) {
    assert_eq!(answer.total, expected.total);
    assert_eq!(answer.ratings, expected.ratings);
    assert_eq!(answer.unrated, expected.unrated);
    assert!(near(answer.average, expected.average), "{:?} {:?}", answer.average, expected.average);
    assert!(near(answer.low.share, expected.low.share), "{:?} {:?}", answer.low, expected.low);
    assert!(near(answer.low.previous, expected.low.previous), "{:?} {:?}", answer.low, expected.low);
    assert_eq!(answer.series.len(), expected.series.len());
    for (point, expected) in answer.series.iter().zip(&expected.series) {
        let counts = |point: &review_api::query::Point| (point.at, point.count, point.low, point.rated);
        assert_eq!(counts(point), counts(expected));
        assert!(near(point.average, expected.average), "{point:?} {expected:?}");
    }
    assert_eq!(answer.languages, expected.languages);
    same_hubs(answer, expected);
}

/// The worst first; of equally bad ones any.
fn same_hubs(answer: &Stats, expected: &Expected) {
    let share = |hub: &review_api::query::HubStats| hub.low.share.unwrap_or(-1.0);
    assert!(answer.hubs.is_sorted_by(|one, other| share(one) >= share(other) - EXACT), "{:?}", answer.hubs);
    let mut hubs: Vec<_> = answer.hubs.iter().collect();
    hubs.sort_by(|one, other| one.hub.cmp(&other.hub));
    assert_eq!(hubs.len(), expected.hubs.len(), "{hubs:?} {:?}", expected.hubs);
    for (hub, expected) in hubs.into_iter().zip(&expected.hubs) {
        assert_eq!((&hub.hub, hub.count, hub.rated), (&expected.hub, expected.count, expected.rated));
        assert!(near(hub.average, expected.average), "{hub:?} {expected:?}");
        assert!(near(hub.low.share, expected.low.share), "{hub:?} {expected:?}");
        assert!(near(hub.low.previous, expected.low.previous), "{hub:?} {expected:?}");
    }
}

/// Five days, from midnight.
pub async fn counts_by_day_are_those_of_a_plain_count(scope: Scope) {
    compare(&scope, Interval::Day, BASE - 3 * DAY, BASE + 2 * DAY).await;
}

/// From one odd moment to another.
pub async fn counts_by_hour_of_an_unaligned_period(scope: Scope) {
    compare(&scope, Interval::Hour, BASE - DAY - 37 * MINUTE + 1, BASE + 2 * DAY + 13 * MINUTE + 7).await;
}

/// Three hours.
pub async fn counts_by_minute_of_a_short_period(scope: Scope) {
    compare(&scope, Interval::Minute, BASE + 9 * HOUR, BASE + 12 * HOUR).await;
}

/// Seven weeks, of which the reviews fill three.
pub async fn counts_by_week_with_empty_points(scope: Scope) {
    compare(&scope, Interval::Week, BASE - 26 * DAY, BASE + 20 * DAY).await;
}

/// The other reviews count nowhere, not even in the period before.
pub async fn counts_of_what_a_text_and_a_filter_match(scope: Scope) {
    let reviews = reviews(&scope);
    scope.fill(&reviews).await;
    let (from, to) = (BASE, BASE + 4 * DAY);
    let mut query = query(&scope, Interval::Day, from, to);
    query.text = Text { clauses: vec![must(word("MILK"))] };
    query.filter.languages = vec!["de".to_owned()];
    query.filter.max_rating = Some(3);
    let matching = |review: &&Review| {
        let rated = review.rating.is_some_and(|rating| rating <= 3);
        rated && review.text.contains("milk") && review.language.as_deref() == Some("de")
    };
    let matching: Vec<Review> = reviews.iter().filter(matching).cloned().collect();
    same(&stats(&scope, &query).await, &expected(&matching, Interval::Day, from, to, 1));
}

/// And no more are given than were asked for: the worst.
pub async fn hubs_need_their_number_of_ratings(scope: Scope) {
    let reviews = reviews(&scope);
    scope.fill(&reviews).await;
    let (from, to) = (BASE - 2 * DAY, BASE + 3 * DAY);
    let all = expected(&reviews, Interval::Day, from, to, 1);
    let mut sizes: Vec<u64> = all.hubs.iter().map(|hub| hub.rated).collect();
    sizes.sort_unstable();
    let min_count = sizes[sizes.len() / 2];
    let expected = expected(&reviews, Interval::Day, from, to, min_count);
    assert!(!expected.hubs.is_empty() && expected.hubs.len() < all.hubs.len(), "the minimum leaves some out");
    let mut query = StatsQuery { min_count, ..query(&scope, Interval::Day, from, to) };
    same(&stats(&scope, &query).await, &expected);
    query.hubs = 1;
    let worst = stats(&scope, &query).await.hubs;
    let share = expected.hubs.iter().filter_map(|hub| hub.low.share).fold(0.0, f64::max);
    assert_eq!(worst.len(), 1);
    assert!(near(worst[0].low.share, Some(share)), "{worst:?}");
}

/// All numbers are zero or absent.
pub async fn a_period_without_reviews_has_its_empty_points(scope: Scope) {
    scope.texts(&["milk"]).await;
    let (from, to) = (BASE + 100 * DAY, BASE + 103 * DAY);
    let answer = stats(&scope, &query(&scope, Interval::Day, from, to)).await;
    same(&answer, &expected(&[], Interval::Day, from, to, 1));
    assert_eq!(answer.series.len(), 3);
    assert_eq!((answer.lag.p50_ms, answer.lag.p95_ms, answer.lag.p99_ms), (None, None, None));
}

/// Reviews were taken an hour before they came to the store.
pub async fn what_waited_is_told(scope: Scope) {
    let reviews: Vec<Review> = (0..20).map(|number| scope.review(number, "milk")).collect();
    let hour_ago = jiff::Timestamp::now().as_millisecond() - HOUR;
    let batch: Vec<_> = reviews
        .iter()
        .map(|review| {
            let (review, received_at) = (review.clone(), time(hour_ago));
            std::sync::Arc::new(review_api::review::Document { review, received_at })
        })
        .collect();
    scope.store.write(&batch).await.expect("taken");
    scope.shows(reviews.len()).await;
    let lag = stats(&scope, &query(&scope, Interval::Day, BASE, BASE + DAY)).await.lag;
    let [p50, p95, p99] = [lag.p50_ms, lag.p95_ms, lag.p99_ms].map(|value| value.expect("a lag"));
    assert!(p50 <= p95 && p95 <= p99, "{lag:?}");
    let hour = 3_600_000.0;
    assert!(p50 >= hour * 0.99 && p99 < hour * 2.0, "{lag:?}");
}
