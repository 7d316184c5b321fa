//! Whether to send a representation at all (RFC 9110 §13.2.2), in the order the RFC sets.
//!
//! 1. If-Match, by strong comparison, or else If-Unmodified-Since: false is 412.
//! 2. If-None-Match, by weak comparison: a match is 304 for a read. It wins over If-Modified-Since, which is
//!    looked at only without it, and only where the date can be read.
//! 3. If-Range, by strong comparison, for a GET with a Range: false takes the Range away.
//!
//! It is asked of representations that exist. A 404 or a redirect comes before any condition (§13.2.1).

use std::time::SystemTime;

use http::{
    HeaderMap, HeaderName, Method,
    header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE},
};

use super::{
    date,
    etag::{Comparison, EntityTag, is_any},
};

/// What is known of the chosen representation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Validators<'a> {
    /// Its entity tag, where the store gave one.
    pub etag: Option<&'a EntityTag>,
    /// When it was last modified, where the store said so.
    pub last_modified: Option<SystemTime>,
}

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Send it; a Range in the request may be honoured.
    Send,
    /// Send all of it: what the client has a part of is no longer there.
    SendWhole,
    /// 304: the client has it.
    NotModified,
    /// 412: the client's condition is false.
    PreconditionFailed,
}

/// Evaluates all conditions of a request, in order.
pub fn evaluate(method: &Method, headers: &HeaderMap, current: Validators<'_>) -> Decision {
    // Most requests have none; each of the questions below hashes a name.
    if !headers.keys().any(is_condition) {
        return Decision::Send;
    }
    if !may_proceed(headers, current) {
        return Decision::PreconditionFailed;
    }
    let read = matches!(*method, Method::GET | Method::HEAD);
    match known_to_client(headers, current, read) {
        true if read => Decision::NotModified,
        true => Decision::PreconditionFailed,
        false if *method == Method::GET && !range_stands(headers, current) => Decision::SendWhole,
        false => Decision::Send,
    }
}

fn is_condition(name: &HeaderName) -> bool {
    matches!(*name, IF_MATCH | IF_MODIFIED_SINCE | IF_NONE_MATCH | IF_RANGE | IF_UNMODIFIED_SINCE)
}

/// Steps 1 and 2 of §13.2.2.
fn may_proceed(headers: &HeaderMap, current: Validators<'_>) -> bool {
    if headers.contains_key(IF_MATCH) {
        return tag_condition(headers, &IF_MATCH, current, Comparison::Strong);
    }
    match (single_date(headers, &IF_UNMODIFIED_SINCE), seconds(current)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => true,
    }
}

/// Steps 3 and 4 of §13.2.2: whether the client says that it has this representation.
fn known_to_client(headers: &HeaderMap, current: Validators<'_>, read: bool) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        return tag_condition(headers, &IF_NONE_MATCH, current, Comparison::Weak);
    }
    match (single_date(headers, &IF_MODIFIED_SINCE), seconds(current)) {
        (Some(since), Some(modified)) => read && modified <= since,
        _ => false,
    }
}

/// Step 5 of §13.2.2: whether a Range may be honoured.
///
/// A date has to be the very Last-Modified (§13.1.5); that it is old enough to be a strong validator is for the
/// client to know, which alone has the Date it was sent with (§8.8.2.2).
fn range_stands(headers: &HeaderMap, current: Validators<'_>) -> bool {
    let mut conditions = headers.get_all(IF_RANGE).iter();
    if !headers.contains_key(RANGE) {
        return true;
    }
    match (conditions.next(), conditions.next()) {
        (None, _) => true,
        (Some(condition), None) => match EntityTag::parse(condition.as_bytes()) {
            Some(theirs) => current.etag.is_some_and(|ours| ours.matches(&theirs, Comparison::Strong)),
            None => date::parse(condition).is_some_and(|theirs| seconds(current) == Some(theirs)),
        },
        (Some(_), Some(_)) => false,
    }
}

fn tag_condition(
    headers: &HeaderMap,
    name: &HeaderName,
    current: Validators<'_>,
    comparison: Comparison,
) -> bool {
    let lines = headers.get_all(name);
    match current.etag {
        Some(etag) => etag.matches_any(lines, comparison),
        // It exists, and that is all a star asks.
        None => lines.iter().any(|line| is_any(line.as_bytes())),
    }
}

/// A date condition that is malformed, or there twice, is as if it were not there (§13.1.3, §13.1.4).
fn single_date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => date::parse(line),
        _ => None,
    }
}

fn seconds(current: Validators<'_>) -> Option<SystemTime> {
    current.last_modified.and_then(date::whole_seconds)
}

#[cfg(test)]
#[path = "conditional_tests.rs"]
mod tests;
