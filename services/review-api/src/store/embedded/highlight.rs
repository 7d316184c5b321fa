//! Passages of a text with what matched in them marked.
//!
//! 1. The text is cut into words as the index does it.
//! 2. Each word that a clause matches is marked: a phrase only where its words stand together.
//! 3. Around the marks, up to [`PASSAGES_MAX`] passages of about [`PASSAGE_BYTES`] are cut at words' ends.
//! 4. All but the marks is escaped for HTML.

use super::analyzer::{Word, words};
use super::question::edits;
use crate::query::{Text, Wanted};

/// How many passages are shown.
const PASSAGES_MAX: usize = 3;
/// How long one is.
const PASSAGE_BYTES: usize = 160;
/// How much of it stands before its first mark.
const BEFORE_BYTES: usize = 60;

/// The passages of a text that make it match.
pub(super) fn highlights(text: &str, wanted: &Text) -> Vec<String> {
    let words: Vec<Word> = words(text).collect();
    let mut marked = vec![false; words.len()];
    for clause in wanted.clauses.iter().filter(|clause| !clause.excluded) {
        mark(&words, &clause.wanted, &mut marked);
    }
    let mut passages = Vec::new();
    let mut next = 0;
    while passages.len() < PASSAGES_MAX {
        let Some(first) = (next..words.len()).find(|&at| marked[at]) else { break };
        let from =
            (next..=first).find(|&at| words[first].start - words[at].start <= BEFORE_BYTES).unwrap_or(first);
        let begin = words[from].start;
        let fits = |word: &Word| word.end - begin <= PASSAGE_BYTES;
        let end = (first + 1..words.len()).find(|&at| !fits(&words[at])).unwrap_or(words.len());
        passages.push(passage(text, &words[from..end], &marked[from..end], edge(text, &words, from, end)));
        next = end;
    }
    passages
}

/// The bytes of a passage: with what stands before the text's first word and after its last.
fn edge(text: &str, words: &[Word], from: usize, end: usize) -> (usize, usize) {
    let begin = if from == 0 { words[0].start.saturating_sub(PASSAGE_BYTES) } else { words[from].start };
    let stop = if end == words.len() { words[end - 1].end + PASSAGE_BYTES } else { words[end - 1].end };
    (text.ceil_char_boundary(begin), text.floor_char_boundary(stop.min(text.len())))
}

fn passage(text: &str, words: &[Word], marked: &[bool], (begin, stop): (usize, usize)) -> String {
    let mut html = String::with_capacity(stop - begin + 32);
    let mut at = begin;
    for (word, _) in words.iter().zip(marked).filter(|(_, marked)| **marked) {
        escape(&text[at..word.start], &mut html);
        html.push_str("<mark>");
        escape(&text[word.start..word.end], &mut html);
        html.push_str("</mark>");
        at = word.end;
    }
    escape(&text[at..stop], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#x27;"),
            other => html.push(other),
        }
    }
}

fn mark(text: &[Word], wanted: &Wanted, marked: &mut [bool]) {
    let (Wanted::Word(sought) | Wanted::Fuzzy(sought) | Wanted::Prefix(sought) | Wanted::Phrase(sought)) =
        wanted;
    let sought: Vec<String> = words(sought).map(|word| word.text).collect();
    if sought.is_empty() {
        return;
    }
    if matches!(wanted, Wanted::Fuzzy(_)) {
        for (word, marked) in text.iter().zip(marked) {
            *marked |= sought.iter().any(|sought| is_like(&word.text, sought));
        }
        return;
    }
    let open = matches!(wanted, Wanted::Prefix(_));
    for (at, window) in text.windows(sought.len()).enumerate() {
        let last = sought.len() - 1;
        let holds = |(place, (word, sought)): (usize, (&Word, &String))| {
            if open && place == last { word.text.starts_with(sought) } else { word.text == *sought }
        };
        if window.iter().zip(&sought).enumerate().all(holds) {
            marked[at..=at + last].fill(true);
        }
    }
}

/// Whether a word is within the edits that its like may be away: one character more, less or other, or two swapped.
fn is_like(word: &str, sought: &str) -> bool {
    let most = usize::from(edits(sought));
    if most == 0 {
        return word == sought;
    }
    let (word, sought): (Vec<char>, Vec<char>) = (word.chars().collect(), sought.chars().collect());
    word.len().abs_diff(sought.len()) <= most && distance(&word, &sought) <= most
}

/// The optimal string alignment distance, which the index's automaton counts too.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before = vec![0; other.len() + 1];
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in (1..).zip(one) {
        let mut line = vec![row; other.len() + 1];
        for (column, b) in (1..).zip(other) {
            let change = above[column - 1] + usize::from(a != b);
            line[column] = change.min(above[column] + 1).min(line[column - 1] + 1);
            let swapped = row > 1 && column > 1 && *a == other[column - 2] && one[row - 2] == *b;
            if swapped {
                line[column] = line[column].min(before[column - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, line);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Clause;

    fn marked(text: &str, wanted: Wanted) -> Vec<String> {
        highlights(text, &Text { clauses: vec![Clause { excluded: false, wanted }] })
    }

    #[test]
    fn marks_what_a_clause_means() {
        let text = "The milk was warm, warm milk & <b>";
        let phrase = marked(text, Wanted::Phrase("warm milk".to_owned()));
        assert_eq!(phrase, ["The milk was warm, <mark>warm</mark> <mark>milk</mark> &amp; &lt;b&gt;"]);
        assert_eq!(marked("Kühlschränke", Wanted::Prefix("kühl".to_owned())), ["<mark>Kühlschränke</mark>"]);
        assert_eq!(marked("lait frais", Wanted::Fuzzy("lati".to_owned())), ["<mark>lait</mark> frais"]);
        assert!(marked("cold", Wanted::Fuzzy("cxxd".to_owned())).is_empty());
        assert!(marked("cold", Wanted::Word("***".to_owned())).is_empty());
    }

    #[test]
    fn cuts_a_long_text_into_passages() {
        let filler = "word ".repeat(200);
        let text = format!("{filler}milk {filler}milk {filler}milk {filler}milk");
        let passages = marked(&text, Wanted::Word("MILK".to_owned()));
        assert_eq!(passages.len(), PASSAGES_MAX);
        for passage in passages {
            assert!(passage.contains("<mark>milk</mark>") && passage.len() < 400, "{passage}");
        }
    }

    #[test]
    fn counts_edits() {
        for (one, other, edits) in
            [("milk", "milk", 0), ("milk", "mikl", 1), ("milk", "mik", 1), ("milk", "sulk", 2)]
        {
            let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
            assert_eq!(distance(&one, &other), edits);
        }
    }
}
