//! What can be asked, what cannot, and that the document says the same.

use utoipa::IntoParams;

use super::super::documented::{
    FilterParams, PageParams, PeriodParams, RatingParams, StatsParams, StreamParams, TermsParams, TextParams,
};
use super::super::{Clause, Place, Wanted};
use super::*;

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn asked(query: &str) -> Reader {
    Reader::new(Some(query))
}

fn told(faults: Vec<Fault>) -> Vec<String> {
    faults.into_iter().map(|fault| format!("{} {}", fault.field, fault.reason)).collect()
}

fn refused(query: &str) -> Vec<String> {
    told(SearchParams::read(asked(query), now()).expect_err(query))
}

#[test]
fn a_search_is_read_in_full() {
    let query = "q=milk&from=24h&to=2026-11-21T09:00:00Z&min_rating=1&max_rating=2&hub=a&hub=b&language=de&tag=x\
                 &delivery_id=d1&tour=t1&sort=relevance&size=5&highlight=true";
    let search = SearchParams::read(asked(query), now()).expect("sound").search;
    let milk = Clause { excluded: false, wanted: Wanted::Word("milk".to_owned()) };
    assert_eq!(search.text.clauses, [milk]);
    let time = |text: &str| Some(text.parse().expect("a time"));
    let expected = Filter {
        from: time("2026-11-20T10:00:00Z"),
        to: time("2026-11-21T09:00:00Z"),
        min_rating: Some(1),
        max_rating: Some(2),
        hubs: vec!["a".to_owned(), "b".to_owned()],
        languages: vec!["de".to_owned()],
        tags: vec!["x".to_owned()],
        delivery_id: Some("d1".to_owned()),
        tour: Some("t1".to_owned()),
    };
    assert_eq!(search.filter, expected);
    assert_eq!((search.sort, search.size, search.highlight), (Sort::Relevance, 5, true));
    assert_eq!(search.after, None);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let query = "q=*x&from=yesterday&rating=6&hub=&language=DE&sort=best&size=0&size=1&highlight=yes&cursor=x&limit=1";
    assert_eq!(
        refused(query),
        [
            "cursor is not a cursor of this service",
            "q `*x` begins with a wildcard: a `*` may only end a word",
            "hub must have 1 to 128 characters",
            "language must be 2 or 3 lower-case letters, as ISO 639 has them",
            "from is neither a time of RFC 3339, such as 2026-11-21T10:00:00Z, nor so long ago, such as 24h",
            "rating must be a whole number from 1 to 5",
            "sort must be newest, oldest or relevance",
            "size is given more than once",
            "highlight must be true or false",
            "limit is no parameter here",
        ]
    );
}

#[test]
fn parameters_must_fit_together() {
    assert_eq!(refused("from=1h&to=2h"), ["from must be before to"]);
    assert_eq!(refused("from=1h&to=1h"), ["from must be before to"]);
    assert_eq!(refused("min_rating=4&max_rating=3"), ["min_rating must not be above max_rating"]);
    assert_eq!(
        refused("rating=4&max_rating=4"),
        ["rating min_rating or max_rating is given as well: choose one"]
    );
    let hubs = vec!["hub=x"; VALUES_MAX + 1].join("&");
    assert_eq!(refused(&hubs), ["hub may be given 16 times"]);
    for number in ["0", "101", "+5", "-1", "1.0", "", "1e1", "٣"] {
        assert_eq!(
            refused(&format!("size={number}")),
            ["size must be a whole number from 1 to 100"],
            "{number}"
        );
    }
}

#[test]
fn a_cursor_goes_on_with_the_same_question_at_the_same_time() {
    let place = Place { point: "p".to_owned(), values: vec![7.into()] };
    let first = SearchParams::read(asked("q=a&from=1h&size=10"), now()).expect("sound");
    let (cursor, query) = first.continued(place.clone());
    assert_eq!(query, format!("q=a&from=1h&size=10&cursor={cursor}"));
    let later = now() + SignedDuration::from_hours(3);
    let second = SearchParams::read(asked(&query), later).expect("sound");
    assert_eq!(second.search.after, Some(place));
    assert_eq!(second.search.filter, first.search.filter);
    assert_eq!(
        refused(&format!("q=b&from=1h&cursor={cursor}")),
        ["cursor belongs to another query: only size and highlight may change from page to page"]
    );
}

#[test]
fn a_series_has_an_end() {
    let of = |query: &str| stats(&mut asked(query), now());
    let week = of("").expect("sound");
    assert_eq!(week.filter.to, Some(now()));
    assert_eq!(week.filter.from, Some("2026-11-14T10:00:00Z".parse().expect("a time")));
    assert_eq!((week.interval, week.min_count, week.hubs), (Interval::Hour, 10, 10));
    for (query, interval) in [
        ("from=2h", Interval::Minute),
        ("from=30d&interval=auto", Interval::Day),
        ("from=300d", Interval::Week),
        ("from=2h&interval=week", Interval::Week),
        ("from=33h&interval=minute", Interval::Minute),
    ] {
        assert_eq!(of(query).expect(query).interval, interval, "{query}");
    }
    for query in ["from=34h&interval=minute", "from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z"] {
        let faults = told(of(query).expect_err(query));
        assert_eq!(faults, ["interval cuts this period into more than 2000 points"], "{query}");
    }
    assert_eq!(told(of("to=2026-11-21T10:00:00Z&from=0s").expect_err("empty")), ["from must be before to"]);
}

/// The names a reader asked for are those of the document, no more and no fewer.
fn documented<const N: usize>(reader: &Reader, documented: [Vec<utoipa::openapi::path::Parameter>; N]) {
    let mut names: Vec<_> = documented.into_iter().flatten().map(|parameter| parameter.name).collect();
    let mut known = reader.known().to_vec();
    names.sort();
    known.sort_unstable();
    assert_eq!(names, known);
}

fn of<P: IntoParams>() -> Vec<utoipa::openapi::path::Parameter> {
    P::into_params(|| None)
}

#[test]
fn the_document_names_what_is_read() {
    let search = SearchParams::read(asked(""), now()).expect("sound").reader;
    documented(
        &search,
        [
            of::<TextParams>(),
            of::<FilterParams>(),
            of::<PeriodParams>(),
            of::<RatingParams>(),
            of::<PageParams>(),
        ],
    );
    let mut reader = asked("");
    stats(&mut reader, now()).expect("sound");
    let period = of::<PeriodParams>;
    documented(
        &reader,
        [of::<TextParams>(), of::<FilterParams>(), period(), of::<RatingParams>(), of::<StatsParams>()],
    );
    let mut reader = asked("");
    terms(&mut reader, now()).expect("sound");
    documented(&reader, [of::<TextParams>(), of::<FilterParams>(), period(), of::<TermsParams>()]);
    let mut reader = asked("");
    stream(&mut reader).expect("sound");
    documented(
        &reader,
        [of::<TextParams>(), of::<FilterParams>(), of::<RatingParams>(), of::<StreamParams>()],
    );
}
