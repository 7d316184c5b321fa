//! What customers write, by language and theme: sentences of `vocabulary.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What a review is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// All is well.
    Praise,
    /// The driver, who is liked.
    Driver,
    /// It came late.
    Late,
    /// The cold milk was warm.
    WarmMilk,
    /// Something broke.
    Broken,
    /// Something was not there.
    Missing,
    /// Something else came instead.
    Substitute,
    /// The app.
    App,
    /// What people end with. Not a theme of its own.
    Closing,
}

impl Theme {
    /// The tag that a review of this theme carries.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Praise => "praise",
            Self::Driver => "driver",
            Self::Late => "late",
            Self::WarmMilk => "cold-chain",
            Self::Broken => "damage",
            Self::Missing => "missing",
            Self::Substitute => "substitute",
            Self::App => "app",
            Self::Closing => "closing",
        }
    }

    /// The ratings people give with it, from 1 to 5, as weights.
    pub fn ratings(self) -> [u32; 5] {
        match self {
            Self::Praise | Self::Closing => [0, 0, 2, 20, 78],
            Self::Driver => [0, 1, 4, 25, 70],
            Self::App => [20, 20, 20, 20, 20],
            Self::Substitute => [15, 30, 35, 15, 5],
            Self::Late | Self::Missing => [30, 35, 25, 8, 2],
            Self::WarmMilk | Self::Broken => [55, 30, 10, 4, 1],
        }
    }
}

static SENTENCES: LazyLock<BTreeMap<String, BTreeMap<Theme, Vec<String>>>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("vocabulary.json")).expect("the vocabulary is part of the program")
});

/// The sentences of a theme in a language; none where the language is not of the vocabulary.
pub fn sentences(language: &str, theme: Theme) -> &'static [String] {
    SENTENCES.get(language).and_then(|themes| themes.get(&theme)).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::HUBS;

    #[test]
    fn every_hub_has_words_for_every_theme() {
        let themes = [
            Theme::Praise,
            Theme::Driver,
            Theme::Late,
            Theme::WarmMilk,
            Theme::Broken,
            Theme::Missing,
            Theme::Substitute,
            Theme::App,
            Theme::Closing,
        ];
        for hub in HUBS {
            for theme in themes {
                assert!(sentences(hub.language, theme).len() >= 3, "{} {theme:?}", hub.language);
            }
        }
        assert!(sentences("xx", Theme::Praise).is_empty());
    }
}
