//! SQL with `:name` in it becomes SQL with `$1` in it, once, when a workload is read.
//!
//! 1. The text is walked as the server's scanner does (documentation, section 4.1): quoted strings and names,
//!    dollar quotes and comments pass as they are; `::` is a cast.
//! 2. Each `:name` outside of them becomes the number of its place; the same name has the same number.
//! 3. What could not be told apart from a parameter, and what does not end, is refused.

use std::fmt::Write as _;

/// SQL for the server to prepare, and the names its parameters stand for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Numbered {
    /// The SQL with `$1`, `$2`.
    pub sql: String,
    /// The name behind `$1`, behind `$2`.
    pub names: Vec<String>,
}

/// Numbers the parameters; otherwise says what is wrong.
pub fn number(sql: &str) -> Result<Numbered, String> {
    let mut walk = Walk { text: sql, at: 0, out: String::with_capacity(sql.len()), names: Vec::new() };
    while walk.at < sql.len() {
        walk.step()?;
    }
    Ok(Numbered { sql: walk.out, names: walk.names })
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    out: String,
    names: Vec<String>,
}

impl Walk<'_> {
    /// Takes one token, or one character that begins none.
    fn step(&mut self) -> Result<(), String> {
        let rest = &self.text[self.at..];
        let next = rest.chars().next().unwrap_or_default();
        match next {
            '\'' => {
                let escapes = self.follows_an_e();
                self.pass(quoted(rest, '\'', escapes).ok_or("a string does not end")?);
            }
            '"' => self.pass(quoted(rest, '"', false).ok_or("a quoted name does not end")?),
            '-' if rest.starts_with("--") => self.pass(rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => self.pass(comment(rest).ok_or("a comment does not end")?),
            '$' => self.dollar(rest)?,
            ':' if rest.starts_with("::") => self.pass(2),
            ':' => self.parameter(rest),
            _ => self.pass(next.len_utf8()),
        }
        Ok(())
    }

    /// Copies bytes as they are.
    fn pass(&mut self, length: usize) {
        self.out.push_str(&self.text[self.at..self.at + length]);
        self.at += length;
    }

    /// Whether the string that begins here is `E'...'`, where a backslash escapes.
    fn follows_an_e(&self) -> bool {
        let before = &self.text[..self.at];
        before.ends_with(['e', 'E']) && !before[..before.len() - 1].ends_with(is_word)
    }

    fn dollar(&mut self, rest: &str) -> Result<(), String> {
        let inside_a_name = self.text[..self.at].ends_with(is_word);
        let tag = rest[1..].find('$').map(|end| &rest[..end + 2]).filter(|tag| {
            let name = &tag[1..tag.len() - 1];
            name.chars().all(is_word) && !name.starts_with(|first: char| first.is_ascii_digit())
        });
        match tag {
            Some(tag) if !inside_a_name => {
                let end = rest[tag.len()..].find(tag).ok_or_else(|| format!("{tag} is not closed"))?;
                self.pass(end + 2 * tag.len());
            }
            _ if !inside_a_name && rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                return Err("parameters have names here: write :name, not $1".to_owned());
            }
            _ => self.pass(1),
        }
        Ok(())
    }

    fn parameter(&mut self, rest: &str) {
        let name: &str = &rest[1..];
        let length = name.find(|next| !is_word(next)).unwrap_or(name.len());
        let name = &name[..length];
        // `a[1:2]` and `:=` are no parameters.
        if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            self.pass(1);
            return;
        }
        let place = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        // Writing into a String cannot fail.
        let _ = write!(self.out, "${}", place + 1);
        self.at += 1 + length;
    }
}

/// A character of names.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Length of what is quoted at the start of `text`; a doubled quote is one inside.
fn quoted(text: &str, quote: char, escapes: bool) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && escapes {
            characters.next();
        } else if character == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return Some(at + 1),
            }
        }
    }
    None
}

/// Length of the comment at the start of `text`; comments nest.
fn comment(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbered(sql: &str) -> (String, Vec<String>) {
        let Numbered { sql, names } = number(sql).unwrap_or_else(|error| panic!("{error}"));
        (sql, names)
    }

    #[test]
    fn names_become_numbers() {
        let (sql, names) = numbered("update a set b = b + :delta where id = :id and :delta::int > 0");
        assert_eq!(sql, "update a set b = b + $1 where id = $2 and $1::int > 0");
        assert_eq!(names, ["delta", "id"]);
    }

    #[test]
    fn what_only_looks_like_a_parameter_stays() {
        for sql in [
            "select ':a', E'\\':a', \"x:a\", 'it''s :a'",
            "select 1::int, a[1:2] -- :a\n",
            "select /* :a /* :b */ :c */ 1",
            "select $$ :a $$, $tag$ $$ :b $tag$",
            "select a$b from t",
            "select name'x\\', 1",
        ] {
            assert_eq!(numbered(sql), (sql.to_owned(), vec![]));
        }
        assert_eq!(numbered("select E'\\'', :a").0, "select E'\\'', $1");
        assert_eq!(numbered("select 'a\\', :a").0, "select 'a\\', $1", "no escape without an E");
    }

    #[test]
    fn what_does_not_end_is_refused() {
        for sql in ["select 'a", "select \"a", "select /* /* */", "select $a$ $$", "select $1"] {
            assert!(number(sql).is_err(), "{sql}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_numbered_or_refused(sql in r"[:$'\x22/*a-cE1\-\\ ü\n]{0,60}") {
            if let Ok(Numbered { sql: out, names }) = number(&sql) {
                prop_assert!(names.len() <= sql.matches(':').count());
                prop_assert_eq!(names.is_empty(), out == sql);
                // What came out is SQL without names: doing it again finds nothing new but the numbers.
                for name in &names {
                    let written = format!(":{name}");
                    prop_assert!(sql.contains(&written));
                }
            }
        }
    }
}
