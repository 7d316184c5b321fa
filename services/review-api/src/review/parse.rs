//! From a client's JSON to a review, or everything that is wrong with it.
//!
//! 1. The bytes are UTF-8 and one JSON object; [`found`] reads its members, each of whatever type it is.
//! 2. A member that is no field of a review is a fault, unless the caller is lenient; one that comes twice always is.
//! 3. Each field is checked by itself, and every fault is kept, so that a client need not come once for each.
//! 4. A review without an id gets one derived: from the Idempotency-Key, else from what it says.

mod found;
mod time;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Review, ReviewId, TEXT_MAX, language};
use found::{Found, Members};
pub(crate) use time::rfc3339;

/// The most characters of a delivery id, a hub or a tour.
pub const NAME_MAX: usize = 128;
/// The most tags of a review.
pub const TAGS_MAX: usize = 32;
/// The most characters of a tag.
pub const TAG_MAX: usize = 64;
/// The most characters of an Idempotency-Key.
pub const KEY_MAX: usize = 255;
/// The most faults that are told of one review; the rest is counted.
const FAULTS_MAX: usize = 64;
/// So much of an unknown member's name is told.
const NAME_SHOWN: usize = 64;

/// One thing that is wrong with a review.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Fault {
    /// The field, as the client wrote it; empty where the fault is the whole item's.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// All that is wrong with one review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    /// The client's own id, where that at least is sound.
    pub id: Option<ReviewId>,
    /// At least one.
    pub faults: Vec<Fault>,
}

/// What a review is read with, beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The time of reading: a review from more than a day after it is absurd.
    pub now: Timestamp,
    /// Whether unknown fields are passed over.
    pub lenient: bool,
    /// The request's Idempotency-Key.
    pub key: Option<&'a str>,
}

/// Reads one review. The time it takes and the memory of its faults are bounded by the length of `json`.
pub fn parse(json: &[u8], rules: Rules<'_>) -> Result<Review, Rejection> {
    let mut faults = Faults::default();
    if let Some(key) = rules.key {
        check_key(key, &mut faults);
    }
    let mut members = match std::str::from_utf8(json) {
        Ok(text) => found::read(text, rules.lenient, &mut faults),
        Err(error) => {
            faults.add("", format!("is not UTF-8 from byte {} on", error.valid_up_to() + 1));
            Members::broken()
        }
    };
    let id = members.take(found::ID).and_then(|id| client_id(id, &mut faults));
    let read = Fields::read(&mut members, rules.now, &mut faults);
    match read {
        Some(fields) if faults.is_empty() => Ok(fields.into_review(id, rules.key)),
        _ => Err(Rejection { id, faults: faults.into_list() }),
    }
}

/// The faults of one review, as many as are told.
#[derive(Default)]
struct Faults {
    list: Vec<Fault>,
    untold: usize,
}

impl Faults {
    fn add(&mut self, field: &str, reason: impl Into<String>) {
        if self.list.len() < FAULTS_MAX {
            let field = field.chars().take(NAME_SHOWN).collect();
            self.list.push(Fault { field, reason: reason.into() });
        } else {
            self.untold += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn into_list(mut self) -> Vec<Fault> {
        if self.untold > 0 {
            let reason = format!("has {} more faults", self.untold);
            self.list.push(Fault { field: String::new(), reason });
        }
        self.list
    }
}

/// What is left of a review when its id is taken off.
struct Fields {
    delivery_id: String,
    text: String,
    rating: Option<u8>,
    language: Option<String>,
    written_at: Timestamp,
    hub: Option<String>,
    tour: Option<String>,
    tags: Vec<String>,
}

impl Fields {
    /// Reads every field, also after a fault.
    fn read(members: &mut Members<'_>, now: Timestamp, faults: &mut Faults) -> Option<Self> {
        let delivery_id =
            required(members, found::DELIVERY_ID, faults, |found, faults| name("delivery_id", found, faults));
        let text = required(members, found::TEXT, faults, review_text);
        let rating = members.take(found::RATING).and_then(|found| rating(&found, faults));
        let language = members.take(found::LANGUAGE).and_then(|found| language_code(found, faults));
        let written_at =
            required(members, found::WRITTEN_AT, faults, |found, faults| written_at(found, now, faults));
        let hub = members.take(found::HUB).and_then(|found| name("hub", found, faults));
        let tour = members.take(found::TOUR).and_then(|found| name("tour", found, faults));
        let tags = members.take(found::TAGS).map_or_else(Vec::new, |found| tags(found, faults));
        Some(Self {
            delivery_id: delivery_id?,
            text: text?,
            rating,
            language,
            written_at: written_at?,
            hub,
            tour,
            tags,
        })
    }

    fn into_review(self, id: Option<ReviewId>, key: Option<&str>) -> Review {
        let id = id
            .or_else(|| key.map(ReviewId::of_key))
            .unwrap_or_else(|| ReviewId::of_content(&self.delivery_id, self.written_at, &self.text));
        let Self { delivery_id, text, rating, language, written_at, hub, tour, tags } = self;
        let language = language.or_else(|| language::detect(&text).map(str::to_owned));
        Review { id, delivery_id, text, rating, language, written_at, hub, tour, tags }
    }
}

/// Printable ASCII, as a header's value is without its outer spaces (draft-ietf-httpapi-idempotency-key-header).
fn check_key(key: &str, faults: &mut Faults) {
    if key.is_empty() || key.len() > KEY_MAX || !key.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        faults.add("Idempotency-Key", format!("must have 1 to {KEY_MAX} printable characters of ASCII"));
    }
}

fn client_id(found: Found<'_>, faults: &mut Faults) -> Option<ReviewId> {
    let text = string("id", found, faults)?;
    ReviewId::parse(&text).map_err(|error| faults.add("id", error.to_string())).ok()
}

/// A field that must be there. Where the JSON ends early nobody knows what would have come.
fn required<T>(
    members: &mut Members<'_>,
    field: usize,
    faults: &mut Faults,
    read: impl FnOnce(Found<'_>, &mut Faults) -> Option<T>,
) -> Option<T> {
    let Some(found) = members.take(field) else {
        if members.is_whole() {
            faults.add(found::FIELDS[field], "is required");
        }
        return None;
    };
    read(found, faults)
}

/// A string without NUL.
fn string(field: &str, found: Found<'_>, faults: &mut Faults) -> Option<String> {
    match found {
        Found::Text(text) if text.contains('\0') => {
            faults.add(field, "must not hold the character NUL");
            None
        }
        Found::Text(text) => Some(text.into_owned()),
        other => {
            faults.add(field, format!("must be a string, not {}", other.kind()));
            None
        }
    }
}

/// A string of 1 to `most` characters.
fn bounded(field: &str, found: Found<'_>, most: usize, faults: &mut Faults) -> Option<String> {
    let text = string(field, found, faults)?;
    // A character has at least one byte: most texts need not be counted.
    if text.is_empty() || (text.len() > most && text.chars().nth(most).is_some()) {
        faults.add(field, format!("must have 1 to {most} characters"));
        return None;
    }
    Some(text)
}

fn name(field: &str, found: Found<'_>, faults: &mut Faults) -> Option<String> {
    bounded(field, found, NAME_MAX, faults)
}

fn review_text(found: Found<'_>, faults: &mut Faults) -> Option<String> {
    let text = bounded("text", found, TEXT_MAX, faults)?;
    if text.trim_start().is_empty() {
        faults.add("text", "must not be only white space");
        return None;
    }
    Some(text)
}

/// 5.0 is the integer 5, as it is in JSON Schema 2020-12 (section 6.1.1).
fn rating(found: &Found<'_>, faults: &mut Faults) -> Option<u8> {
    let rating = match found {
        Found::Integer(number) => (1..=5).find(|rating| u64::from(*rating) == *number),
        Found::Fraction(number) => (1..=5).find(|rating| f64::from(*rating).to_bits() == number.to_bits()),
        other => {
            faults.add("rating", format!("must be an integer from 1 to 5, not {}", other.kind()));
            return None;
        }
    };
    if rating.is_none() {
        faults.add("rating", "must be an integer from 1 to 5");
    }
    rating
}

/// `de`, and `de-AT` as `de`: RFC 5646's primary language, what follows it is dropped.
fn language_code(found: Found<'_>, faults: &mut Faults) -> Option<String> {
    let mut text = string("language", found, faults)?;
    let (primary, rest) =
        text.split_once('-').map_or((text.as_str(), None), |(code, rest)| (code, Some(rest)));
    let is_subtag =
        |tag: &str| matches!(tag.len(), 1..=8) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let sound = matches!(primary.len(), 2..=3)
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && rest.is_none_or(|rest| rest.len() <= 32 && rest.split('-').all(is_subtag));
    if !sound {
        faults.add("language", "must be a code of ISO 639 in lower case, as de or de-AT");
        return None;
    }
    text.truncate(primary.len());
    Some(text)
}

fn written_at(found: Found<'_>, now: Timestamp, faults: &mut Faults) -> Option<Timestamp> {
    let text = string("written_at", found, faults)?;
    time::parse(&text, now).map_err(|reason| faults.add("written_at", reason)).ok()
}

/// Each tag once, in the order given.
fn tags(found: Found<'_>, faults: &mut Faults) -> Vec<String> {
    let elements = match found {
        Found::List(elements) => elements,
        other => {
            faults.add("tags", format!("must be a list of strings, not {}", other.kind()));
            return Vec::new();
        }
    };
    if elements.count > TAGS_MAX {
        faults.add("tags", format!("may have {TAGS_MAX} tags, not {}", elements.count));
    }
    let mut tags: Vec<String> = Vec::with_capacity(elements.first.len());
    for (index, element) in elements.first.into_iter().enumerate() {
        let Some(tag) = bounded(&format!("tags[{index}]"), element, TAG_MAX, faults) else { continue };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
