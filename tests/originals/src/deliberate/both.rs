//! Where web-app and work-app differ from their originals alike: both answer by hyper, under one kit.

use super::Value::{Absent, Is, Some};
use super::{ALWAYS, Deliberate, When, entry, has_line, is_named, target_has};
use crate::compare::What;

pub(super) const REFUSED: When = When {
    text: "a malformed request (400), an unmet Expect (417), a head too long (431)",
    holds: |_, status| matches!(status, 400 | 417 | 431),
};
pub(super) const HTTP_1_0: When = When {
    text: "HTTP/1.0",
    holds: |case, _| case.requests[0].windows(9).any(|bytes| bytes == b" HTTP/1.0"),
};
pub(super) const ODD_CHARACTERS: When =
    When { text: "a target with `<`, `>` or a backtick", holds: |case, _| target_has(case, "<>`") };
pub(super) const NO_AUTHORITY: When = When {
    text: "an absolute target without a host",
    holds: |case, _| is_named(case, &["GET http://", "GET http:///a"]),
};
pub(super) const CONNECT: When = When { text: "CONNECT", holds: |case, _| case.method() == b"CONNECT" };
pub(super) const TWO_LENGTHS: When = When {
    text: "a body whose length is told twice, alike or as chunks too",
    holds: |case, _| {
        has_line(case, "content-length: 3")
            && (has_line(case, "transfer-encoding") || case.name.matches("Content-Length").count() == 2)
    },
};
pub(super) const LENIENT: When = When {
    text: "lines that end with a bare line feed",
    holds: |case, _| is_named(case, &["bare line feeds"]),
};

pub(super) const REQUEST_ID: Deliberate = entry(
    ALWAYS,
    What::Field("x-request-id"),
    Some("the request's id"),
    Absent,
    "finds the request in the logs; every Ballast service tells it",
);
pub(super) const KEPT_OPEN: Deliberate = entry(
    ALWAYS,
    What::Field("connection"),
    Absent,
    Is("keep-alive"),
    "the default of HTTP/1.1 (RFC 9112, section 9.3), not told",
);
pub(super) const CLOSED: Deliberate =
    entry(HTTP_1_0, What::Field("connection"), Absent, Is("close"), "the default of HTTP/1.0, not told");
pub(super) const DATED_REFUSAL: Deliberate = entry(
    REFUSED,
    What::Field("date"),
    Some("the date"),
    Absent,
    "a server with a clock sends one (RFC 9110, section 6.6.1)",
);
pub(super) const NO_URI: Deliberate = entry(
    ODD_CHARACTERS,
    What::Status,
    Is("400"),
    Is("404"),
    "no URI has these (RFC 3986, section 2); hyper refuses them",
);
pub(super) const NO_HOST: Deliberate = entry(
    NO_AUTHORITY,
    What::Status,
    Is("400"),
    Is("404"),
    "not a URI of the http scheme (RFC 9110, section 4.2.1)",
);
pub(super) const BARE_LINE_FEED: Deliberate =
    entry(LENIENT, What::Status, Is("200"), Is("400"), "hyper takes it, as RFC 9112, section 2.2, allows");
