//! Everything in which two transcripts differ.
//!
//! 1. Where the status codes differ, or one answered more often, that is the difference: the rest follows from it.
//! 2. Else status lines, fields and bodies are compared, answer by answer. A date is compared by its form.
//! 3. Last, whether the connection was kept.

use std::collections::BTreeMap;
use std::fmt;

use crate::wire::{Answer, Transcript};

/// In what two answers differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What<'a> {
    /// The status codes, or how many there are.
    Status,
    /// The HTTP version of the status line.
    Version,
    /// The words in the status line.
    Reason,
    /// A field, named in lower case.
    Field(&'a str),
    /// How field names are spelt.
    Spelling,
    /// The order of the fields that both send.
    Order,
    /// The body.
    Body,
    /// Whether the connection is kept.
    Connection,
    /// A family of metrics; a name that ends in `*` stands for all that begin so.
    Metric(&'a str),
}

/// One difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// In what; a field's or metric's name is in `name`.
    pub kind: What<'static>,
    /// The field's or the metric's name, else empty.
    pub name: String,
    /// What ours has; `None` where it has nothing there.
    pub ours: Option<String>,
    /// What the original has.
    pub theirs: Option<String>,
}

impl Difference {
    fn new(kind: What<'static>, ours: impl Into<String>, theirs: impl Into<String>) -> Self {
        Self { kind, name: String::new(), ours: Some(ours.into()), theirs: Some(theirs.into()) }
    }

    /// A difference in a family of metrics.
    pub fn metric(name: &str, ours: Option<&str>, theirs: Option<&str>) -> Self {
        let (ours, theirs) = (ours.map(str::to_owned), theirs.map(str::to_owned));
        Self { kind: What::Metric(""), name: name.to_owned(), ours, theirs }
    }

    /// Whether `what` stands for this difference.
    pub fn is(&self, what: What<'_>) -> bool {
        match (self.kind, what) {
            (What::Field(_), What::Field(name)) => self.name == name,
            (What::Metric(_), What::Metric(name)) => match name.strip_suffix('*') {
                Some(beginning) => self.name.starts_with(beginning),
                None => self.name == name,
            },
            (kind, what) => kind == what,
        }
    }
}

impl fmt::Display for What<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status => out.write_str("status"),
            Self::Version => out.write_str("version in the status line"),
            Self::Reason => out.write_str("words in the status line"),
            Self::Field(name) => write!(out, "header `{name}`"),
            Self::Spelling => out.write_str("spelling of header names"),
            Self::Order => out.write_str("order of headers"),
            Self::Body => out.write_str("body"),
            Self::Connection => out.write_str("connection"),
            Self::Metric(name) => write!(out, "metric `{name}`"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            What::Field(_) => What::Field(&self.name),
            What::Metric(_) => What::Metric(&self.name),
            other => other,
        };
        let or_none =
            |value: &Option<String>| value.as_deref().map_or("none".to_owned(), |value| format!("`{value}`"));
        write!(out, "{what}: {}, the original: {}", or_none(&self.ours), or_none(&self.theirs))
    }
}

/// Everything in which `ours` and `theirs` differ.
pub fn compare(ours: &Transcript, theirs: &Transcript) -> Vec<Difference> {
    let (our_codes, their_codes) = (codes(ours), codes(theirs));
    if our_codes != their_codes {
        return vec![Difference::new(What::Status, our_codes, their_codes)];
    }
    let pairs = ours.answers.iter().zip(&theirs.answers);
    let mut found: Vec<Difference> = pairs.flat_map(|(ours, theirs)| compare_answers(ours, theirs)).collect();
    let word = |kept: bool| if kept { "kept" } else { "closed" };
    note(&mut found, What::Connection, word(ours.kept), word(theirs.kept));
    found
}

fn codes(transcript: &Transcript) -> String {
    let codes: Vec<String> = transcript.answers.iter().map(|answer| answer.status.to_string()).collect();
    if codes.is_empty() { "none".to_owned() } else { codes.join(", ") }
}

fn compare_answers(ours: &Answer, theirs: &Answer) -> Vec<Difference> {
    let mut found = Vec::new();
    note(&mut found, What::Version, &ours.version, &theirs.version);
    note(&mut found, What::Reason, &ours.reason, &theirs.reason);
    let (our_fields, their_fields) = (fields(ours), fields(theirs));
    let mut names: Vec<&String> = our_fields.keys().chain(their_fields.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (ours, theirs) = (our_fields.get(name).cloned(), their_fields.get(name).cloned());
        if ours != theirs {
            found.push(Difference { kind: What::Field(""), name: name.clone(), ours, theirs });
        }
    }
    let common = |answer: &Answer| -> Vec<String> {
        let both = |name: &String| our_fields.contains_key(name) && their_fields.contains_key(name);
        let names = answer.fields.iter().map(|(name, _)| name.clone());
        names.filter(|name| both(&name.to_ascii_lowercase())).collect()
    };
    let (our_names, their_names) = (common(ours), common(theirs));
    let lower = |names: &[String]| names.join(", ").to_ascii_lowercase();
    note(&mut found, What::Order, &lower(&our_names), &lower(&their_names));
    let sorted = |mut names: Vec<String>| {
        names.sort_by_key(|name| name.to_ascii_lowercase());
        names.join(", ")
    };
    note(&mut found, What::Spelling, &sorted(our_names), &sorted(their_names));
    let body = |answer: &Answer| answer.body.escape_ascii().to_string();
    note(&mut found, What::Body, &body(ours), &body(theirs));
    found
}

fn note(found: &mut Vec<Difference>, kind: What<'static>, ours: &str, theirs: &str) {
    if ours != theirs {
        found.push(Difference::new(kind, ours, theirs));
    }
}

/// Values by name in lower case; several fields of one name joined as RFC 9110, section 5.2, allows.
fn fields(answer: &Answer) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &answer.fields {
        let name = name.to_ascii_lowercase();
        let value = if name == "date" { date_form(value) } else { value.clone() };
        fields.entry(name).and_modify(|values| values.extend([", ", &value])).or_insert(value);
    }
    fields
}

/// `Sat, 21 Nov 2026 13:23:55 GMT` with `0` for each digit and `a` for each letter: two clocks may differ.
fn date_form(date: &str) -> String {
    let form = date.chars().map(|character| match character {
        digit if digit.is_ascii_digit() => '0',
        letter if letter.is_ascii_alphabetic() => 'a',
        other => other,
    });
    form.collect()
}
