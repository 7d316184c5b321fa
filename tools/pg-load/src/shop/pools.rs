//! Words of the `fake` crate, drawn once so that a row costs a lookup.
//!
//! 1. Each [`Locale`] has names, streets, cities, phones and companies of its own, drawn by dice that only the seed decides.
//! 2. What JSON would have to escape is left out.
//! 3. A hash of all words is part of the schema's: where another version of the crate says other words, the rows that a
//!    database holds are not those that this program would make, and it says so.

use fake::Fake as _;
use fake::faker::address::raw::{CityName, PostCode, StreetName};
use fake::faker::company::raw::{Buzzword, CompanyName, Industry};
use fake::faker::internet::raw::FreeEmailProvider;
use fake::faker::lorem::raw::{Sentence, Word};
use fake::faker::name::raw::{FirstName, LastName};
use fake::faker::phone_number::raw::CellNumber;
use fake::locales::{DE_DE, EN, FR_FR, IT_IT, NL_NL, PT_PT, TR_TR, ZH_CN};
use rand::SeedableRng as _;
use rand_pcg::Pcg64;
use sha2::{Digest as _, Sha256};

/// Words of each kind and locale.
const NAMES: usize = 1_024;
const PLACES: usize = 512;
const SENTENCES: usize = 512;

/// What people of one country are called, and where they live.
#[derive(Debug)]
pub struct Locale {
    /// Such as `de_DE`.
    pub tag: &'static str,
    /// Such as `DE` (ISO 3166-1).
    pub country: &'static str,
    /// Such as `de` (ISO 639-1).
    pub language: &'static str,
    /// How many of a hundred customers live there.
    pub share: u64,
    /// Given names.
    pub given: Vec<String>,
    /// Family names.
    pub family: Vec<String>,
    /// Streets.
    pub streets: Vec<String>,
    /// Cities, each with its postcode.
    pub cities: Vec<(String, String)>,
    /// Numbers of mobile phones.
    pub phones: Vec<String>,
    /// Companies.
    pub companies: Vec<String>,
    /// Domains of mail.
    pub mail: Vec<String>,
    /// Sentences, in the language where the crate has words of it, else in its Latin.
    pub sentences: Vec<String>,
}

/// All words.
#[derive(Debug)]
pub struct Pools {
    /// The countries of the shop, the one with most customers first.
    pub locales: Vec<Locale>,
    /// What a product may be called, first word.
    pub adjectives: Vec<String>,
    /// What a product may be called, second word.
    pub nouns: Vec<String>,
    /// What a category may be called.
    pub industries: Vec<String>,
    /// SHA-256 of all words.
    pub hash: [u8; 32],
}

/// Draws a locale's words. A macro, since the crate's locales are types of a trait that it keeps to itself.
macro_rules! locale {
    ($dice:expr, $locale:ident, $tag:literal, $country:literal, $language:literal, $share:literal) => {{
        let dice: &mut Pcg64 = $dice;
        let city = |dice: &mut Pcg64| {
            (
                CityName($locale).fake_with_rng::<String, _>(dice),
                PostCode($locale).fake_with_rng::<String, _>(dice),
            )
        };
        Locale {
            tag: $tag,
            country: $country,
            language: $language,
            share: $share,
            given: draw(NAMES, || FirstName($locale).fake_with_rng::<String, _>(dice)),
            family: draw(NAMES, || LastName($locale).fake_with_rng::<String, _>(dice)),
            streets: draw(PLACES, || StreetName($locale).fake_with_rng::<String, _>(dice)),
            cities: std::iter::repeat_with(|| city(dice))
                .filter(|(city, _)| is_plain(city))
                .take(PLACES)
                .collect(),
            phones: draw(NAMES, || CellNumber($locale).fake_with_rng::<String, _>(dice)),
            companies: draw(PLACES, || CompanyName($locale).fake_with_rng::<String, _>(dice)),
            mail: draw(8, || FreeEmailProvider($locale).fake_with_rng::<String, _>(dice)),
            sentences: draw(SENTENCES, || Sentence($locale, 4..14).fake_with_rng::<String, _>(dice)),
        }
    }};
}

impl Pools {
    /// Those that `seed` draws.
    pub fn draw(seed: u64) -> Self {
        let dice = &mut Pcg64::seed_from_u64(seed);
        let locales = vec![
            locale!(dice, DE_DE, "de_DE", "DE", "de", 34),
            locale!(dice, FR_FR, "fr_FR", "FR", "fr", 18),
            locale!(dice, EN, "en_GB", "GB", "en", 16),
            locale!(dice, IT_IT, "it_IT", "IT", "it", 10),
            locale!(dice, NL_NL, "nl_NL", "NL", "nl", 9),
            locale!(dice, PT_PT, "pt_PT", "PT", "pt", 6),
            locale!(dice, TR_TR, "tr_TR", "TR", "tr", 4),
            locale!(dice, ZH_CN, "zh_CN", "CN", "zh", 3),
        ];
        let adjectives = draw(256, || Buzzword(EN).fake_with_rng::<String, _>(dice));
        let nouns = draw(512, || Word(EN).fake_with_rng::<String, _>(dice));
        let industries = draw(256, || Industry(EN).fake_with_rng::<String, _>(dice));
        let mut pools = Self { locales, adjectives, nouns, industries, hash: [0; 32] };
        pools.hash = pools.hash_of_all();
        pools
    }

    fn hash_of_all(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut add = |words: &[String]| {
            for word in words {
                hasher.update(word);
                hasher.update([0]);
            }
        };
        for locale in &self.locales {
            let all = [&locale.given, &locale.family, &locale.streets, &locale.phones, &locale.companies];
            for words in all {
                add(words);
            }
            add(&locale.mail);
            add(&locale.sentences);
            for (city, postcode) in &locale.cities {
                add(&[city.clone(), postcode.clone()]);
            }
        }
        for words in [&self.adjectives, &self.nouns, &self.industries] {
            add(words);
        }
        hasher.finalize().into()
    }
}

fn draw(count: usize, word: impl FnMut() -> String) -> Vec<String> {
    std::iter::repeat_with(word).filter(|word| is_plain(word)).take(count).collect()
}

/// Whether JSON takes it as it is.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && !word.contains(|letter: char| letter.is_control() || "\"\\".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_words_each_time() {
        let (once, again, other) = (Pools::draw(1), Pools::draw(1), Pools::draw(2));
        assert_eq!(once.hash, again.hash);
        assert_ne!(once.hash, other.hash);
        assert_eq!(once.locales.iter().map(|locale| locale.share).sum::<u64>(), 100);
    }
}
