//! The language of a text whose author did not say.
//!
//! 1. A text of a few words tells nothing, and a long one tells what it has to tell in its first lines: telling takes
//!    some 50 µs, more than everything else that is done with a review here.
//! 2. whatlang compares what it finds with its profiles; languages that hardly anybody reviews a delivery in, and
//!    that short texts of others are easily taken for, are left out.
//! 3. Only a confident answer is one. ISO 639-1 where that has a code, else 639-3.

use std::sync::LazyLock;

use whatlang::{Detector, Lang};

/// Below so many bytes whatlang is never confident in a script that several languages share.
const BYTES_MIN: usize = 20;
/// So many characters are looked at.
const CHARACTERS_MAX: usize = 200;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    use Lang::{Afr, Aka, Epo, Jav, Lat, Sna, Tgl, Tuk, Uzb, Yid, Zul};
    Detector::with_denylist(vec![Afr, Aka, Epo, Jav, Lat, Sna, Tgl, Tuk, Uzb, Yid, Zul])
});

/// The language of `text`, where it is clear.
pub fn detect(text: &str) -> Option<&'static str> {
    if text.len() < BYTES_MIN {
        return None;
    }
    let end = text.char_indices().nth(CHARACTERS_MAX).map_or(text.len(), |(at, _)| at);
    DETECTOR.detect(&text[..end]).filter(whatlang::Info::is_reliable).map(|info| code(info.lang()))
}

fn code(language: Lang) -> &'static str {
    match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_tells_its_language() {
        for (language, text) in [
            ("de", "Die Milch war warm und der Fahrer sehr unfreundlich, das geht so nicht."),
            ("en", "Great delivery, right on time and everything was still cold."),
            ("fr", "La livraison était en retard et les œufs cassés, je suis très déçu."),
            ("pl", "Wszystko super, polecam każdemu! Kierowca był bardzo miły."),
            ("ja", "牛乳がぬるくて、とてもがっかりしました。"),
            ("el", "Το γάλα ήταν ζεστό και ο οδηγός άργησε πολύ."),
        ] {
            assert_eq!(detect(text), Some(language), "{text}");
        }
    }

    #[test]
    fn what_could_be_anything_has_none() {
        for text in ["", "ok", "👍👍👍👍👍👍👍👍👍", "1234567890 1234567890 1234567890", "super"]
        {
            assert_eq!(detect(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_not_read_to_its_end() {
        let german =
            "Die Lieferung kam leider viel zu spät, und der Fahrer war sehr unfreundlich. ".repeat(3);
        assert_eq!(detect(&(german + &"The driver was very kind to all of us. ".repeat(100))), Some("de"));
    }

    #[test]
    fn every_code_is_one() {
        for &language in Lang::all() {
            let code = code(language);
            assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase()), "{language:?}");
        }
    }
}
