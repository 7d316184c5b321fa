//! Text into words, as Lucene's `standard` analyzer does it, so that both stores find the same.
//!
//! 1. The text is cut at the word boundaries of Unicode (UAX #29); an ideograph is a word of its own.
//! 2. What holds neither a letter nor a digit nor an emoji is no word.
//! 3. A word of more than [`WORD_MAX`] characters is cut into pieces of that length.
//! 4. Each character is put into lower case by itself.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_segmentation::{UWordBoundIndices, UnicodeSegmentation as _};

/// The name under which the index knows this analyzer. Another way of cutting words needs another name.
pub(super) const NAME: &str = "reviews-standard-1";
/// Lucene's `max_token_length`.
const WORD_MAX: usize = 255;

/// One word of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Word {
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// In lower case.
    pub text: String,
}

/// The words of a text.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { bounds: text.split_word_bound_indices(), long: None }
}

/// See [`words`].
pub(super) struct Words<'a> {
    bounds: UWordBoundIndices<'a>,
    /// What is left of a word that is longer than a word may be.
    long: Option<(usize, &'a str)>,
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let (start, segment) = match self.long.take() {
            Some(rest) => rest,
            None => self.bounds.find(|(_, segment)| segment.chars().any(is_of_word))?,
        };
        let cut = segment.char_indices().nth(WORD_MAX).map_or(segment.len(), |(at, _)| at);
        let (word, rest) = segment.split_at(cut);
        if !rest.is_empty() {
            self.long = Some((start + cut, rest));
        }
        Some(Word { start, end: start + cut, text: word.chars().map(lower).collect() })
    }
}

/// Lucene lowers character by character. Of all characters only `İ` has two in lower case; Java takes the first.
fn lower(character: char) -> char {
    character.to_lowercase().next().unwrap_or(character)
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || is_emoji(character)
}

/// The blocks of pictographs that people type: miscellaneous symbols, dingbats, stars, clocks and the emoji planes.
fn is_emoji(character: char) -> bool {
    matches!(u32::from(character), 0x231A..=0x231B | 0x23E9..=0x23FA | 0x2600..=0x27BF | 0x2B05..=0x2B55 | 0x1F000..=0x1FAFF)
}

/// [`words`] as tantivy wants it.
#[derive(Clone, Default)]
pub(super) struct StandardTokenizer;

/// See [`StandardTokenizer`].
pub(super) struct StandardStream<'a> {
    words: Words<'a>,
    token: Token,
}

impl Tokenizer for StandardTokenizer {
    type TokenStream<'a> = StandardStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> StandardStream<'a> {
        StandardStream { words: words(text), token: Token::default() }
    }
}

impl TokenStream for StandardStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = word.start;
        self.token.offset_to = word.end;
        self.token.text = word.text;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).map(|word| word.text).collect()
    }

    #[test]
    fn cuts_as_the_standard_analyzer_does() {
        assert_eq!(texts("The 2 QUICK-Brown dog's bone."), ["the", "2", "quick", "brown", "dog's", "bone"]);
        assert_eq!(texts("牛奶是热的"), ["牛", "奶", "是", "热", "的"]);
        assert_eq!(texts("الحليب بارد"), ["الحليب", "بارد"]);
        assert_eq!(texts("warm 👎🏽 milk!"), ["warm", "👎🏽", "milk"]);
        assert_eq!(texts("Cafe\u{301} İSTANBUL ΣΑΣ"), ["cafe\u{301}", "istanbul", "σασ"]);
        assert_eq!(texts("*** -- \u{301} …"), Vec::<String>::new());
    }

    #[test]
    fn cuts_what_is_too_long_and_loses_nothing() {
        let text = "ä".repeat(600);
        let found: Vec<Word> = words(&text).collect();
        assert_eq!(found.iter().map(|word| word.text.chars().count()).collect::<Vec<_>>(), [255, 255, 90]);
        assert_eq!((found[1].start, found[2].end), (510, 1200));
    }
}
