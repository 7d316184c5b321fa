//! The one list of what differs from the originals, with reasons.
//!
//! 1. Every difference that a test finds must be on the list; [`Checklist::allow`] says whether it is.
//! 2. What both differ in alike stands once, in `both`.
//! 3. Every entry must have been needed; [`Checklist::unused`] tells those that were not.

mod both;
mod web_app;
mod work_app;

use crate::case::Case;
use crate::compare::{Difference, What};

pub use web_app::WEB_APP;
pub use work_app::{WORK_APP, WORK_APP_METRICS};

/// One thing that differs on purpose, or because it cannot be otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Deliberate {
    /// Which requests it concerns.
    pub when: When,
    /// In what the answers differ.
    pub what: What<'static>,
    /// What ours has there.
    pub ours: Value,
    /// What the original has there.
    pub theirs: Value,
    /// Why.
    pub reason: &'static str,
}

/// Which requests an entry concerns.
#[derive(Clone, Copy, Debug)]
pub struct When {
    /// In words, for the document.
    pub text: &'static str,
    /// In code: of the case and of the highest status code among our answers.
    pub holds: fn(&Case, u16) -> bool,
}

/// A value, or as much of it as matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value {
    /// This very value.
    Is(&'static str),
    /// Nothing.
    Absent,
    /// Any value, which these words describe.
    Some(&'static str),
}

impl Value {
    fn matches(self, value: Option<&str>) -> bool {
        match self {
            Self::Is(expected) => value == Some(expected),
            Self::Absent => value.is_none(),
            Self::Some(_) => value.is_some(),
        }
    }
}

const ALWAYS: When = When { text: "always", holds: |_, _| true };

/// An entry of the list.
const fn entry(
    when: When,
    what: What<'static>,
    ours: Value,
    theirs: Value,
    reason: &'static str,
) -> Deliberate {
    Deliberate { when, what, ours, theirs, reason }
}

/// Whether the case's first request has this field, by its beginning in lower case.
fn has_line(case: &Case, beginning: &str) -> bool {
    let head = String::from_utf8_lossy(&case.requests[0]).to_ascii_lowercase();
    head.lines().skip(1).any(|line| line.starts_with(beginning))
}

fn target_has(case: &Case, characters: &str) -> bool {
    case.target().iter().any(|byte| characters.as_bytes().contains(byte))
}

/// The bytes of the first request's head.
fn head_length(case: &Case) -> usize {
    let request = &case.requests[0];
    request.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(request.len(), |end| end + 4)
}

fn is_named(case: &Case, names: &[&str]) -> bool {
    names.contains(&case.name.as_str())
}

/// A list that remembers what of it was needed.
#[derive(Debug)]
pub struct Checklist {
    entries: &'static [Deliberate],
    used: Vec<bool>,
}

impl Checklist {
    /// A list of which nothing was needed yet.
    pub fn new(entries: &'static [Deliberate]) -> Self {
        Self { entries, used: vec![false; entries.len()] }
    }

    /// Whether `difference`, found by `case` where ours answered `status`, is on the list.
    pub fn allow(&mut self, case: &Case, status: u16, difference: &Difference) -> bool {
        let fits = |entry: &Deliberate| {
            difference.is(entry.what)
                && (entry.when.holds)(case, status)
                && entry.ours.matches(difference.ours.as_deref())
                && entry.theirs.matches(difference.theirs.as_deref())
        };
        let found = self.entries.iter().position(fits);
        found.inspect(|index| self.used[*index] = true).is_some()
    }

    /// The entries that no difference needed.
    pub fn unused(&self) -> impl Iterator<Item = &Deliberate> {
        self.entries.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(entry, _)| entry)
    }
}
