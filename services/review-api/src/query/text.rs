//! The text of a query, `q`, read into clauses: what is not one of these few signs is text.
//!
//! 1. Control characters are read as spaces.
//! 2. `"cold milk"` is a phrase; so are words between the quotes that phones write. One that is not closed ends with
//!    the query, so that a query can be sent while it is being typed.
//! 3. `-` before a word or a phrase excludes it. A minus that is to be found stands between quotes.
//! 4. `word~` is a word or one like it; `word*` is what begins so, from [`PREFIX_MIN`] characters.
//! 5. Punctuation of ASCII alone is left out: no text is searched for it.
//!
//! There are no brackets, fields or boolean words. The result holds strings that a store compares with analysed text, value
//! by value, so nothing in a query is ever read as a store's syntax. [`Text`] is displayed as it is written.

use std::fmt;

use super::{CLAUSES_MAX, Clause, Text, Wanted};

/// A query may have this many characters (Unicode scalar values).
pub const QUERY_MAX: usize = 500;
/// A prefix has at least this many characters beside punctuation.
pub const PREFIX_MIN: usize = 2;

/// Why a text is no query.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidText {
    /// It is longer than [`QUERY_MAX`].
    #[error("may have {QUERY_MAX} characters")]
    TooLong,
    /// It has more than [`CLAUSES_MAX`] clauses.
    #[error("may have {CLAUSES_MAX} words and phrases")]
    TooManyClauses,
    /// A word begins with a wildcard: the store would have to look at every word there is.
    #[error("`{0}` begins with a wildcard: a `*` may only end a word")]
    LeadingWildcard(String),
    /// Too much begins so.
    #[error("`{0}` needs {PREFIX_MIN} characters before its wildcard")]
    ShortPrefix(String),
}

impl Text {
    /// Reads what a client wrote.
    pub fn parse(query: &str) -> Result<Self, InvalidText> {
        if query.chars().count() > QUERY_MAX {
            return Err(InvalidText::TooLong);
        }
        let query = query.replace(char::is_control, " ");
        let (mut clauses, mut rest) = (Vec::new(), query.trim_start());
        while !rest.is_empty() {
            let (excluded, item) = match rest.strip_prefix('-') {
                Some(item) => (true, item),
                None => (false, rest),
            };
            let (wanted, left) = if let Some(phrase) = item.strip_prefix(is_quote) {
                phrase_of(phrase)
            } else {
                let (word, left) = item.split_at(item.find(ends_word).unwrap_or(item.len()));
                (wanted_of(word)?, left)
            };
            clauses.extend(wanted.map(|wanted| Clause { excluded, wanted }));
            rest = left.trim_start();
        }
        if clauses.len() > CLAUSES_MAX { Err(InvalidText::TooManyClauses) } else { Ok(Self { clauses }) }
    }
}

/// The phrase up to its closing quote, and what follows.
fn phrase_of(text: &str) -> (Option<Wanted>, &str) {
    let (phrase, rest) = text.split_once(is_quote).unwrap_or((text, ""));
    (says_something(phrase).then(|| Wanted::Phrase(phrase.trim().to_owned())), rest)
}

fn wanted_of(word: &str) -> Result<Option<Wanted>, InvalidText> {
    if word.starts_with('*') && says_something(word) {
        return Err(InvalidText::LeadingWildcard(word.to_owned()));
    }
    let (stem, wanted): (&str, fn(String) -> Wanted) = if word.ends_with('*') {
        let stem = word.trim_end_matches('*');
        if says_something(stem) && stem.chars().filter(|&character| searched(character)).count() < PREFIX_MIN
        {
            return Err(InvalidText::ShortPrefix(word.to_owned()));
        }
        (stem, Wanted::Prefix)
    } else if word.ends_with('~') {
        (word.trim_end_matches('~'), Wanted::Fuzzy)
    } else {
        (word, Wanted::Word)
    };
    Ok(says_something(stem).then(|| wanted(stem.to_owned())))
}

fn says_something(text: &str) -> bool {
    text.contains(searched)
}

fn searched(character: char) -> bool {
    !character.is_whitespace() && !character.is_ascii_punctuation() && !is_quote(character)
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || is_quote(character)
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.clauses.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(out, "{space}{clause}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minus = if self.excluded { "-" } else { "" };
        match &self.wanted {
            Wanted::Word(word) => write!(out, "{minus}{word}"),
            Wanted::Fuzzy(word) => write!(out, "{minus}{word}~"),
            Wanted::Prefix(word) => write!(out, "{minus}{word}*"),
            Wanted::Phrase(words) => write!(out, "{minus}\"{words}\""),
        }
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
