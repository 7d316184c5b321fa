//! Values for a statement's parameters.
//!
//! 1. A [`Draw`] has its bounds and is checked when it is made: drawing cannot fail.
//! 2. What is drawn depends on nothing but the generator; only [`Draw::Unique`] counts, over all clients together.
//! 3. A [`Value`] goes to the server as text: it fits whatever type the statement's parameter has, as pgbench does it.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::BytesMut;
use rand::{Rng, RngExt as _};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use super::zipf::Zipf;

/// A value to bind.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(Arc<str>),
}

impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Whole(number) => write!(out, "{number}")?,
            Self::Real(number) => write!(out, "{number}")?,
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

/// How a value is drawn.
#[derive(Clone, Debug)]
pub enum Draw {
    /// Every whole number from the first to the last equally often.
    Uniform {
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
    },
    /// The first most often, by Zipf's law.
    Zipf {
        /// What the most frequent one is.
        from: i64,
        /// The law.
        law: Zipf,
    },
    /// The middle most often, cut off at the ends (pgbench's `random_gaussian`).
    Gaussian {
        /// The least.
        from: i64,
        /// The greatest.
        to: i64,
        /// How many standard deviations lie between the middle and an end; at least 2.
        deviations: f64,
    },
    /// Each number once in a run, whoever asks.
    Unique {
        /// The next one.
        next: Arc<AtomicI64>,
    },
    /// A number, every one equally often.
    Real {
        /// The least.
        from: f64,
        /// What all are below.
        to: f64,
    },
    /// One of some texts, each equally often.
    Choice(Arc<[Arc<str>]>),
    /// Letters a to z.
    Letters(usize),
}

impl Draw {
    /// Draws one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        reason = "within the bounds of i64"
    )]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a bell curve over more than 2^53 numbers is as good rounded"
    )]
    pub fn value(&self, random: &mut impl Rng) -> Value {
        match self {
            Self::Uniform { from, to } => Value::Whole(random.random_range(*from..=*to)),
            Self::Zipf { from, law } => Value::Whole(from.saturating_add(law.draw(random) as i64 - 1)),
            Self::Gaussian { from, to, deviations } => {
                let normal = normal(random, *deviations);
                let share = (normal + deviations) / (2.0 * deviations);
                let offset = (((to - from) as f64 + 1.0) * share) as i64;
                Value::Whole(from.saturating_add(offset).min(*to))
            }
            Self::Unique { next } => Value::Whole(next.fetch_add(1, Ordering::Relaxed)),
            Self::Real { from, to } => Value::Real(random.random_range(*from..*to)),
            Self::Choice(texts) => Value::Text(texts[random.random_range(0..texts.len())].clone()),
            Self::Letters(length) => {
                let letters: String =
                    (0..*length).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect();
                Value::Text(letters.into())
            }
        }
    }
}

/// A normal deviate between `-bound` and `bound` (Box and Muller); what lies outside is drawn again.
fn normal(random: &mut impl Rng, bound: f64) -> f64 {
    loop {
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        let deviate = radius * (std::f64::consts::TAU * random.random::<f64>()).cos();
        if deviate.abs() < bound {
            return deviate;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_pcg::Pcg64Mcg;

    use super::*;

    fn whole(draw: &Draw, random: &mut Pcg64Mcg) -> i64 {
        match draw.value(random) {
            Value::Whole(number) => number,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut random = Pcg64Mcg::seed_from_u64(3);
        for draw in [
            Draw::Uniform { from: -2, to: 2 },
            Draw::Gaussian { from: -2, to: 2, deviations: 2.0 },
            Draw::Zipf { from: -2, law: Zipf::new(5, 1.0) },
        ] {
            let mut seen = [0_u32; 5];
            for _ in 0..10_000 {
                seen[usize::try_from(whole(&draw, &mut random) + 2).expect("not below -2")] += 1;
            }
            assert!(seen.iter().all(|count| *count > 0), "{draw:?}: {seen:?}");
        }
    }

    #[test]
    fn unique_is_unique_over_clients() {
        let draw = Draw::Unique { next: Arc::new(AtomicI64::new(5)) };
        let other = draw.clone();
        let mut random = Pcg64Mcg::seed_from_u64(3);
        assert_eq!(
            [whole(&draw, &mut random), whole(&other, &mut random), whole(&draw, &mut random)],
            [5, 6, 7]
        );
    }

    #[test]
    fn the_same_generator_draws_the_same() {
        let draw = Draw::Letters(12);
        let [first, second] = [1, 1].map(|seed| draw.value(&mut Pcg64Mcg::seed_from_u64(seed)));
        assert_eq!(first, second);
    }
}
