//! Where work-app differs from Flask under gunicorn.

use super::Value::{Absent, Is, Some};
use super::both::{
    BARE_LINE_FEED, CLOSED, CONNECT, DATED_REFUSAL, KEPT_OPEN, NO_HOST, NO_URI, REFUSED, REQUEST_ID,
    TWO_LENGTHS,
};
use super::{ALWAYS, Deliberate, When, entry, has_line, head_length, is_named};
use crate::compare::What;

const AN_ERROR: When = When { text: "any error", holds: |_, status| status >= 400 };
const SCRAPE: When = When { text: "/metrics", holds: |case, _| case.target().starts_with(b"/metrics") };
const STAR: When =
    When { text: "`*` with a method other than OPTIONS", holds: |case, _| is_named(case, &["GET *"]) };
const STATIC: When =
    When { text: "a path under /static/", holds: |case, _| case.target().starts_with(b"/static/") };
const CLOSE_AMONG_OTHERS: When = When {
    text: "Connection: keep-alive, close",
    holds: |case, _| has_line(case, "connection: keep-alive, close"),
};
const WEBSOCKET: When =
    When { text: "Upgrade: websocket", holds: |case, _| has_line(case, "upgrade: websocket") };
const ENDLESS: When = When {
    text: "a Content-Length of more than 64 bits",
    holds: |case, _| has_line(case, "content-length: 99999999999999999999"),
};
const BAD_CHUNK: When = When {
    text: "a chunk whose size is no number",
    holds: |case, _| case.name.ends_with("+ zz\\r\\nabc\\r\\n0\\r\\n\\r\\n") || case.name.contains("+ -1"),
};
const BODILESS_EXPECT: When = When {
    text: "Expect: 100-continue without a body",
    holds: |case, _| case.name.ends_with("[Expect: 100-Continue]"),
};
const LONG_TARGET: When = When {
    text: "a request line of 4 to 64 KiB",
    holds: |case, _| (4_095..65_536).contains(&case.target().len()),
};
const TOO_LONG: When =
    When { text: "a head of more than 64 KiB", holds: |case, _| head_length(case) > 65_536 };
const LONG_FIELD: When = When {
    text: "a header field of 8 to 64 KiB",
    holds: |case, _| case.target().len() < 4_095 && (8_190..65_536).contains(&head_length(case)),
};
const HTTP_1_2: When = When { text: "HTTP/1.2", holds: |case, _| case.name.ends_with("HTTP/1.2") };

/// Every difference of work-app.
pub const WORK_APP: &[Deliberate] = &[
    entry(ALWAYS, What::Field("server"), Absent, Is("gunicorn"), "a header that only names the software"),
    REQUEST_ID,
    KEPT_OPEN,
    entry(
        ALWAYS,
        What::Spelling,
        Some("small letters"),
        Some("as Flask and gunicorn spell them"),
        "names have no case (RFC 9110, section 5.1)",
    ),
    entry(
        ALWAYS,
        What::Order,
        Some("`date` last"),
        Some("`date` first"),
        "the order of different headers means nothing (RFC 9110, section 5.3)",
    ),
    entry(
        AN_ERROR,
        What::Reason,
        Some("as registered: `Not Found`"),
        Some("in capitals: `NOT FOUND`"),
        "the words mean nothing and HTTP/2 has none (RFC 9112, section 4)",
    ),
    entry(
        SCRAPE,
        What::Body,
        Some("these metrics"),
        Some("its metrics"),
        "the families are compared one by one, see below",
    ),
    entry(
        SCRAPE,
        What::Field("content-length"),
        Some("of that body"),
        Some("of that body"),
        "the families are compared one by one, see below",
    ),
    CLOSED,
    entry(
        REFUSED,
        What::Field("content-length"),
        Is("0"),
        Some("of a page"),
        "gunicorn's page quotes what it did not understand; here the body is empty",
    ),
    entry(REFUSED, What::Field("content-type"), Absent, Is("text/html"), "an empty body has no type"),
    entry(
        REFUSED,
        What::Body,
        Is(""),
        Some("a page that names the fault"),
        "gunicorn's page quotes what it did not understand; here the body is empty",
    ),
    DATED_REFUSAL,
    entry(CONNECT, What::Field("connection"), Absent, Is("close"), "an error needs no new connection"),
    entry(CONNECT, What::Connection, Is("kept"), Is("closed"), "an error needs no new connection"),
    entry(
        CLOSE_AMONG_OTHERS,
        What::Field("connection"),
        Is("close"),
        Is("keep-alive"),
        "gunicorn sees `close` only where it stands alone",
    ),
    entry(
        CLOSE_AMONG_OTHERS,
        What::Connection,
        Is("closed"),
        Is("kept"),
        "gunicorn sees `close` only where it stands alone",
    ),
    NO_URI,
    NO_HOST,
    entry(STAR, What::Status, Is("404"), Is("400"), "no route has that path"),
    entry(
        STATIC,
        What::Status,
        Is("404"),
        Some("200 to OPTIONS, 405 to POST, 308 where a slash is doubled"),
        "Flask has a route for static files, of which the sample has none",
    ),
    entry(
        WEBSOCKET,
        What::Status,
        Is("200"),
        Is("400"),
        "a server may ignore an offer to upgrade (RFC 9110, section 7.8)",
    ),
    entry(
        TWO_LENGTHS,
        What::Status,
        Is("405"),
        Is("400"),
        "hyper reads it as RFC 9112, section 6.3, says: chunks outweigh a length, equal lengths are one",
    ),
    entry(ENDLESS, What::Status, Is("400"), Is("405"), "a length that nothing can have"),
    entry(
        BAD_CHUNK,
        What::Status,
        Is("400"),
        Is("405, 400"),
        "gunicorn answers before it reads the body, then again",
    ),
    entry(
        BODILESS_EXPECT,
        What::Status,
        Is("200"),
        Is("100, 200"),
        "there is nothing to go on with (RFC 9110, section 10.1.1)",
    ),
    entry(
        LONG_TARGET,
        What::Status,
        Is("404"),
        Is("414"),
        "the limit of the whole head is 64 KiB here; of the request line it is 4094 bytes in gunicorn",
    ),
    entry(TOO_LONG, What::Status, Is("431"), Is("414"), "the head as a whole is too long here"),
    entry(
        LONG_FIELD,
        What::Status,
        Is("200"),
        Is("431"),
        "the limit of the whole head is 64 KiB here; of a field it is 8190 bytes in gunicorn",
    ),
    BARE_LINE_FEED,
    entry(HTTP_1_2, What::Status, Is("400"), Is("200"), "there is no such version"),
];

const GC: &str = "of Python's interpreter";
const CREATED: &str = "when a series began, which Prometheus does not read from this format";
const OURS: &str = "what every Ballast service counts";

/// Every difference of work-app's metrics; names and labels that are not here are the original's.
pub const WORK_APP_METRICS: &[Deliberate] = &[
    entry(
        ALWAYS,
        What::Metric("endpoint"),
        Is(""),
        Is("/a/b"),
        "the label of a path that no route has: a client must not be able to make series",
    ),
    entry(
        ALWAYS,
        What::Metric("method"),
        Is("OTHER"),
        Is("FOO"),
        "the label of a method that HTTP does not define: a client must not be able to make series",
    ),
    entry(ALWAYS, What::Metric("http_requests_created"), Absent, Is("gauge"), CREATED),
    entry(ALWAYS, What::Metric("http_request_duration_seconds_created"), Absent, Is("gauge"), CREATED),
    entry(ALWAYS, What::Metric("python_*"), Absent, Some("there"), GC),
    entry(ALWAYS, What::Metric("http_requests_in_flight"), Is("gauge"), Absent, OURS),
    entry(ALWAYS, What::Metric("http_panics_total"), Is("counter"), Absent, OURS),
    entry(ALWAYS, What::Metric("http_response_bytes_total"), Is("counter"), Absent, OURS),
];
