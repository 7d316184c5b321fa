//! Where web-app differs from Express under Node.

use super::Value::{Absent, Is, Some};
use super::both::{
    BARE_LINE_FEED, CLOSED, CONNECT, DATED_REFUSAL, HTTP_1_0, KEPT_OPEN, NO_HOST, NO_URI, REFUSED,
    REQUEST_ID, TWO_LENGTHS,
};
use super::{ALWAYS, Deliberate, When, entry, head_length, is_named, target_has};
use crate::compare::What;

const LARGE: When =
    When { text: "a head of 16 to 64 KiB", holds: |case, _| (16_384..65_536).contains(&head_length(case)) };
const MANY_FIELDS: When = When {
    text: "more than 100 header fields",
    holds: |case, _| is_named(case, &["120 fields more", "400 fields more"]),
};
const ODD_VERSION: When = When {
    text: "a request line with version 0.9 or 2.0, without a version, or with two spaces",
    holds: |case, _| {
        is_named(case, &["GET / HTTP/2.0", "GET / HTTP/0.9", "no version", "two spaces in the request line"])
    },
};
const BODILESS_EXPECT: When = When {
    text: "Expect: 100-continue without a body",
    holds: |case, _| is_named(case, &["GET / [Expect: 100-Continue]"]),
};
const QUOTE: When = When {
    text: "an absolute target with a character that `url.parse` rewrites",
    holds: |case, _| case.target().starts_with(b"http://") && target_has(case, "'"),
};

/// Every difference of web-app.
pub const WEB_APP: &[Deliberate] = &[
    entry(
        ALWAYS,
        What::Field("x-powered-by"),
        Absent,
        Is("Express"),
        "the one header that the contract leaves out: it names the software to whoever asks",
    ),
    REQUEST_ID,
    KEPT_OPEN,
    entry(
        ALWAYS,
        What::Field("keep-alive"),
        Absent,
        Is("timeout=5"),
        "idle connections are kept for 60 s here; the header has no standard behind it",
    ),
    entry(
        ALWAYS,
        What::Spelling,
        Some("small letters"),
        Some("as Express and Node spell them"),
        "names have no case (RFC 9110, section 5.1)",
    ),
    entry(
        ALWAYS,
        What::Order,
        Some("`connection` before `date`"),
        Some("`date` before `connection`"),
        "the order of different headers means nothing (RFC 9110, section 5.3)",
    ),
    entry(
        HTTP_1_0,
        What::Version,
        Is("HTTP/1.0"),
        Is("HTTP/1.1"),
        "hyper answers in the version it was asked in; both are allowed (RFC 9110, section 2.5)",
    ),
    CLOSED,
    entry(REFUSED, What::Field("content-length"), Is("0"), Absent, "an empty body says so"),
    DATED_REFUSAL,
    entry(REFUSED, What::Field("transfer-encoding"), Absent, Is("chunked"), "an empty body needs no chunks"),
    NO_URI,
    NO_HOST,
    entry(CONNECT, What::Status, Is("400"), Is("none"), "Node hangs up without a word"),
    entry(
        TWO_LENGTHS,
        What::Status,
        Is("404"),
        Is("400"),
        "hyper reads it as RFC 9112, section 6.3, says: chunks outweigh a length, equal lengths are one",
    ),
    entry(
        LARGE,
        What::Status,
        Some("as if it were short"),
        Is("431"),
        "the limit is 64 KiB here, 16 KiB in Node",
    ),
    entry(MANY_FIELDS, What::Status, Is("431"), Is("200"), "hyper takes 100 fields, Node 2000"),
    BARE_LINE_FEED,
    entry(ODD_VERSION, What::Status, Is("400"), Is("200"), "not HTTP/1 as RFC 9112, section 3, has it"),
    entry(
        BODILESS_EXPECT,
        What::Status,
        Is("200"),
        Is("100, 200"),
        "there is nothing to go on with (RFC 9110, section 10.1.1)",
    ),
    entry(
        QUOTE,
        What::Body,
        Some("the path as it was sent"),
        Some("`'` as `%27`"),
        "only the text of the 404 page",
    ),
    entry(
        QUOTE,
        What::Field("content-length"),
        Some("of that page"),
        Some("of that page"),
        "only the text of the 404 page",
    ),
];
