//! Plausible delivery reviews from a seed: the same seed and times make the same reviews.
//!
//! 1. A hub is drawn by its size; most customers write its language, some English.
//! 2. A theme is drawn; where an [`Incident`] holds at that hub and time, mostly the incident's.
//! 3. The rating follows the theme; one review in eight has none, as with real customers.
//! 4. [`Rhythm`] spreads times over days as deliveries are: a morning and an evening peak, quiet nights.

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Serialize;

use crate::vocabulary::{Theme, sentences};

/// A hub and the language most of its customers write.
pub struct Hub {
    /// Its name.
    pub name: &'static str,
    /// ISO 639-1.
    pub language: &'static str,
    /// Its share of all deliveries, as a weight.
    pub weight: u32,
}

/// Where deliveries start.
pub const HUBS: &[Hub] = &[
    Hub { name: "amsterdam-west", language: "nl", weight: 16 },
    Hub { name: "utrecht", language: "nl", weight: 11 },
    Hub { name: "berlin-nord", language: "de", weight: 15 },
    Hub { name: "koeln-sued", language: "de", weight: 13 },
    Hub { name: "muenchen-ost", language: "de", weight: 10 },
    Hub { name: "lille-centre", language: "fr", weight: 9 },
    Hub { name: "madrid-sur", language: "es", weight: 8 },
    Hub { name: "warszawa-praga", language: "pl", weight: 8 },
    Hub { name: "london-east", language: "en", weight: 10 },
];

/// The hub of the cold-milk wave.
pub const MILK_HUB: &str = "koeln-sued";

const THEMES: &[(Theme, u32)] = &[
    (Theme::Praise, 46),
    (Theme::Driver, 18),
    (Theme::Late, 9),
    (Theme::Missing, 8),
    (Theme::Substitute, 7),
    (Theme::Broken, 6),
    (Theme::App, 5),
    (Theme::WarmMilk, 1),
];

/// Deliveries by hour of the day, as weights.
const HOURS: [u32; 24] =
    [2, 1, 1, 1, 1, 2, 6, 14, 26, 34, 36, 32, 26, 22, 20, 22, 28, 38, 46, 48, 40, 26, 12, 5];

/// A review as a client sends it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Review {
    /// Its id, unique within a run.
    pub id: String,
    /// The delivery it is about.
    pub delivery_id: String,
    /// What was written.
    pub text: String,
    /// 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
    /// ISO 639-1; most clients do not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'static str>,
    /// When.
    pub written_at: Timestamp,
    /// Where the delivery started.
    pub hub: &'static str,
    /// The tour.
    pub tour: String,
    /// What it is about.
    pub tags: Vec<&'static str>,
}

/// Something that goes wrong at a hub for a while.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Where.
    pub hub: &'static str,
    /// What customers then write about.
    pub theme: Theme,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end, exclusive.
    pub to: Timestamp,
    /// Of 100 reviews of that hub meanwhile, so many are about it.
    pub percent: u32,
}

/// Makes reviews.
pub struct Generator {
    run: String,
    made: u64,
    random: StdRng,
    incidents: Vec<Incident>,
}

impl Generator {
    /// Reviews of `run`, whose ids begin with it.
    pub fn new(run: impl Into<String>, seed: u64, incidents: Vec<Incident>) -> Self {
        Self { run: run.into(), made: 0, random: StdRng::seed_from_u64(seed), incidents }
    }

    /// The next review, written at `at`.
    pub fn review(&mut self, at: Timestamp) -> Review {
        let hub = &HUBS[weighted(&mut self.random, HUBS.iter().map(|hub| hub.weight))];
        let language = if self.random.random_ratio(1, 8) { "en" } else { hub.language };
        let theme = self.theme(hub, at);
        let number = self.made;
        self.made += 1;
        Review {
            id: format!("{}-{number}", self.run),
            delivery_id: format!("d-{}-{number}", self.run),
            text: self.text(language, theme),
            rating: self.rating(theme),
            language: self.random.random_ratio(1, 3).then_some(language),
            written_at: at,
            hub: hub.name,
            tour: format!("{}-{:02}", hub.name, self.random.random_range(1..=24)),
            tags: if self.random.random_ratio(1, 2) { vec![theme.tag()] } else { Vec::new() },
        }
    }

    fn theme(&mut self, hub: &Hub, at: Timestamp) -> Theme {
        let here = |incident: &&Incident| incident.hub == hub.name && incident.from <= at && at < incident.to;
        if let Some(incident) = self.incidents.iter().find(here)
            && self.random.random_ratio(incident.percent.min(100), 100)
        {
            return incident.theme;
        }
        THEMES[weighted(&mut self.random, THEMES.iter().map(|(_, weight)| *weight))].0
    }

    fn text(&mut self, language: &str, theme: Theme) -> String {
        let mut text = self.sentence(language, theme).to_owned();
        if self.random.random_ratio(1, 4) {
            let second = if theme == Theme::Praise { Theme::Driver } else { theme };
            let more = self.sentence(language, second);
            if more != text {
                text = format!("{text} {more}");
            }
        }
        if self.random.random_ratio(1, 3) {
            text = format!("{text} {}", self.sentence(language, Theme::Closing));
        }
        text
    }

    fn sentence(&mut self, language: &str, theme: Theme) -> &'static str {
        let all = sentences(language, theme);
        &all[self.random.random_range(0..all.len())]
    }

    fn rating(&mut self, theme: Theme) -> Option<u8> {
        if self.random.random_ratio(1, 8) {
            return None;
        }
        (1..=5).nth(weighted(&mut self.random, theme.ratings()))
    }
}

/// Times of writing between two moments, as people write.
pub struct Rhythm {
    random: StdRng,
    from: Timestamp,
    seconds: i64,
}

impl Rhythm {
    /// Times in `from..to`; `to` must be at least a second later.
    pub fn new(seed: u64, from: Timestamp, to: Timestamp) -> Self {
        let seconds = to.duration_since(from).as_secs().max(1);
        Self { random: StdRng::seed_from_u64(seed), from, seconds }
    }
}

impl Iterator for Rhythm {
    type Item = Timestamp;

    /// Draws times until one is accepted by the weight of its hour, so that any span keeps the rhythm.
    fn next(&mut self) -> Option<Timestamp> {
        let most = HOURS.iter().copied().max().unwrap_or(1);
        loop {
            let offset = SignedDuration::new(
                self.random.random_range(0..self.seconds),
                self.random.random_range(0..1_000) * 1_000_000,
            );
            let at = self.from.checked_add(offset).ok()?;
            let hour = usize::try_from(at.as_second().div_euclid(3_600).rem_euclid(24)).unwrap_or_default();
            if self.random.random_ratio(HOURS[hour], most) {
                return Some(at);
            }
        }
    }
}

/// An index, drawn by weights of which at least one is not 0.
fn weighted(random: &mut StdRng, weights: impl IntoIterator<Item = u32> + Clone) -> usize {
    let mut ticket = random.random_range(0..weights.clone().into_iter().sum());
    for (index, weight) in weights.into_iter().enumerate() {
        if ticket < weight {
            return index;
        }
        ticket -= weight;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_seed_makes_the_same_reviews_again() {
        let at = moment("2026-11-20T18:00:00Z");
        let make = |seed| {
            let mut generator = Generator::new("t", seed, Vec::new());
            (0..200).map(|_| generator.review(at)).collect::<Vec<_>>()
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }

    #[test]
    fn an_incident_shows_at_its_hub_in_its_time_and_nowhere_else() {
        let (from, to) = (moment("2026-11-20T10:00:00Z"), moment("2026-11-20T16:00:00Z"));
        let wave = Incident { hub: MILK_HUB, theme: Theme::WarmMilk, from, to, percent: 70 };
        let mut generator = Generator::new("t", 1, vec![wave]);
        let mut share = |at: Timestamp, hub: &str| {
            let reviews: Vec<_> = (0..8_000).map(|_| generator.review(at)).filter(|r| r.hub == hub).collect();
            let low = reviews.iter().filter(|review| review.rating.is_some_and(|rating| rating <= 2)).count();
            low * 100 / reviews.len()
        };
        // 55 + 30 of 100 give a low rating to warm milk, 7 of 8 rate: over 40 % with it, under 30 % without.
        assert!(share(moment("2026-11-20T12:00:00Z"), MILK_HUB) > 45);
        assert!(share(moment("2026-11-20T12:00:00Z"), "utrecht") < 30);
        assert!(share(moment("2026-11-20T17:00:00Z"), MILK_HUB) < 30);
    }

    #[test]
    fn evenings_are_busier_than_nights() {
        let times =
            Rhythm::new(3, moment("2026-11-10T00:00:00Z"), moment("2026-11-20T00:00:00Z")).take(5_000);
        let mut hours = [0_u32; 24];
        for at in times {
            assert!(at >= moment("2026-11-10T00:00:00Z") && at < moment("2026-11-20T00:00:01Z"));
            hours[usize::try_from(at.as_second() / 3_600 % 24).expect("an hour")] += 1;
        }
        assert!(hours[19] > 10 * hours[3], "{hours:?}");
    }
}
