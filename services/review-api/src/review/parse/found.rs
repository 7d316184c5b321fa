//! What a JSON object holds, before anybody asks whether it should.
//!
//! 1. Each known member is kept as it came, borrowed from the text where that has no escapes.
//! 2. What is not kept (unknown members, the inside of objects, a list's elements beyond the most) is read over without
//!    recursion and without memory; `serde_json` bounds the depth of what is kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{Faults, TAGS_MAX};

/// The names of a review's fields on the wire, by place.
pub(super) const FIELDS: [&str; 9] =
    ["id", "delivery_id", "text", "rating", "language", "written_at", "hub", "tour", "tags"];
pub(super) const ID: usize = 0;
pub(super) const DELIVERY_ID: usize = 1;
pub(super) const TEXT: usize = 2;
pub(super) const RATING: usize = 3;
pub(super) const LANGUAGE: usize = 4;
pub(super) const WRITTEN_AT: usize = 5;
pub(super) const HUB: usize = 6;
pub(super) const TOUR: usize = 7;
pub(super) const TAGS: usize = 8;

/// A JSON value.
pub(super) enum Found<'a> {
    Null,
    Bool,
    /// A whole number that is not negative, written without a fraction or an exponent.
    Integer(u64),
    /// Any other number.
    Fraction(f64),
    Text(Cow<'a, str>),
    List(Elements<'a>),
    Object,
}

/// A list.
pub(super) struct Elements<'a> {
    /// As many as a review may have.
    pub first: Vec<Found<'a>>,
    /// How many there are.
    pub count: usize,
}

/// The members of one object.
#[derive(Default)]
pub(super) struct Members<'a> {
    values: [Option<Found<'a>>; FIELDS.len()],
    seen: [bool; FIELDS.len()],
    broken: bool,
}

/// Reads `json`, which should be one object. What is wrong with its form goes to `faults`.
pub(super) fn read<'a>(json: &'a str, lenient: bool, faults: &mut Faults) -> Members<'a> {
    let mut members = Members::default();
    let mut reader = serde_json::Deserializer::from_str(json);
    let object = Object { members: &mut members, lenient, faults };
    let read = object.deserialize(&mut reader).and_then(|()| reader.end());
    if let Err(error) = read {
        members.broken = true;
        // A fault of the data is that it is no object; its own words would tell all of the data.
        let reason = if error.is_data() { "another value".to_owned() } else { error.to_string() };
        faults.add("", format!("is not one JSON object: {reason}"));
    }
    members
}

impl<'a> Members<'a> {
    /// Of bytes that are not even text.
    pub fn broken() -> Self {
        Self { broken: true, ..Self::default() }
    }

    /// Whether the object was read to its end.
    pub fn is_whole(&self) -> bool {
        !self.broken
    }

    /// The member, if it is there; null is as good as nothing.
    pub fn take(&mut self, field: usize) -> Option<Found<'a>> {
        self.values[field].take().filter(|found| !matches!(found, Found::Null))
    }
}

impl Found<'_> {
    /// The value's type, for a sentence.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Integer(_) | Self::Fraction(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object => "an object",
        }
    }
}

/// Reads an object's members into `members`.
struct Object<'m, 'a> {
    members: &'m mut Members<'a>,
    lenient: bool,
    faults: &'m mut Faults,
}

impl<'a> DeserializeSeed<'a> for Object<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Object<'_, 'a> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let Some(field) = FIELDS.iter().position(|field| *field == name) else {
                if !self.lenient {
                    self.faults.add(&name, "is not a field of a review");
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut self.members.seen[field], true) {
                self.faults.add(&name, "is there more than once");
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            self.members.values[field] = Some(map.next_value()?);
        }
        Ok(())
    }
}

/// A member's name.
struct Name<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Name<'a> {
    fn deserialize<D: Deserializer<'a>>(reader: D) -> Result<Self, D::Error> {
        match Found::deserialize(reader)? {
            Found::Text(name) => Ok(Self(name)),
            _ => Err(Error::custom("a member's name is a string")),
        }
    }
}

impl<'a> Deserialize<'a> for Found<'a> {
    fn deserialize<D: Deserializer<'a>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Anything)
    }
}

struct Anything;

impl<'a> Visitor<'a> for Anything {
    type Value = Found<'a>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Found<'a>, E> {
        Ok(Found::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found<'a>, E> {
        Ok(Found::Bool)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found<'a>, E> {
        Ok(Found::Integer(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "no negative number is a rating, precisely or not")]
    fn visit_i64<E>(self, number: i64) -> Result<Found<'a>, E> {
        Ok(Found::Fraction(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Found<'a>, E> {
        Ok(Found::Fraction(number))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Found<'a>, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found<'a>, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Found<'a>, A::Error> {
        let (mut first, mut count) = (Vec::new(), 0);
        while first.len() < TAGS_MAX {
            let Some(element) = list.next_element()? else { break };
            first.push(element);
            count += 1;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Found::List(Elements { first, count }))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Found<'a>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Object)
    }
}
