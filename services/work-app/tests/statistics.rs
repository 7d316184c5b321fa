//! Whether chance is as the contract has it: many draws with fixed seeds, and work that takes what was drawn.

use std::time::Duration;

use service_kit::Followed;
use tokio::time::Instant;
use work_app::dice::{Dice, LONGEST, SHORTEST};
use work_app::values::{FailRate, Greeting};
use work_app::work::Work;

const DRAWS: u32 = 100_000;
const SEEDS: [u64; 2] = [1, 2];

fn rate(text: &str) -> FailRate {
    text.parse().expect("a rate")
}

/// The greatest distance between the delays' distribution and the uniform one (Kolmogorov and Smirnov).
fn distance(delays: &mut [f64]) -> f64 {
    delays.sort_by(f64::total_cmp);
    let uniform = |delay: f64| (delay - SHORTEST) / (LONGEST - SHORTEST);
    let count = f64::from(DRAWS);
    let steps = (0..DRAWS).zip(delays.iter()).map(|(index, delay)| {
        let (below, above) = (f64::from(index) / count, f64::from(index + 1) / count);
        (uniform(*delay) - below).abs().max((above - uniform(*delay)).abs())
    });
    steps.fold(0.0, f64::max)
}

#[test]
fn delays_are_uniform_between_50_and_200_ms() {
    for seed in SEEDS {
        let dice = Dice::seeded(seed);
        let mut delays: Vec<f64> = (0..DRAWS).map(|_| dice.draw(rate("0.02")).delay.as_secs_f64()).collect();
        assert!(delays.iter().all(|delay| (SHORTEST..=LONGEST).contains(delay)));
        let distance = distance(&mut delays) * f64::from(DRAWS).sqrt();
        // Uniform draws pass 1.95 once in a thousand times.
        assert!(distance < 1.95, "seed {seed}: {distance}");
    }
}

#[test]
fn failures_come_as_often_as_told() {
    for text in ["0", "0.0001", "0.02", "0.5", "0.98", "1"] {
        let rate = rate(text);
        for seed in SEEDS {
            let dice = Dice::seeded(seed);
            let failed: u32 = (0..DRAWS).map(|_| u32::from(dice.draw(rate).fails)).sum();
            let mean = f64::from(DRAWS) * rate.get();
            let deviation = (mean * (1.0 - rate.get())).sqrt();
            // Four standard deviations of the binomial distribution; none at all for the rates 0 and 1.
            assert!((f64::from(failed) - mean).abs() <= 4.0 * deviation, "{text}, seed {seed}: {failed}");
        }
    }
}

#[test]
fn a_failure_tells_nothing_of_the_delay() {
    for seed in SEEDS {
        let dice = Dice::seeded(seed);
        let draws = (0..DRAWS).map(|_| dice.draw(rate("0.5")));
        let failed: Vec<f64> = draws.filter(|draw| draw.fails).map(|draw| draw.delay.as_secs_f64()).collect();
        let count = f64::from(u32::try_from(failed.len()).expect("at most DRAWS"));
        let mean = failed.iter().sum::<f64>() / count;
        let deviation = (LONGEST - SHORTEST) / (12.0 * count).sqrt();
        assert!((mean - f64::midpoint(SHORTEST, LONGEST)).abs() < 4.0 * deviation, "seed {seed}: {mean}");
    }
}

#[test]
fn one_seed_gives_one_sequence() {
    let (one, same, other) = (Dice::seeded(7), Dice::seeded(7), Dice::seeded(8));
    let draws = |dice: &Dice| (0..100).map(|_| dice.draw(rate("0.5"))).collect::<Vec<_>>();
    let first = draws(&one);
    assert_eq!(first, draws(&same));
    assert_ne!(first, draws(&other));
}

/// The clock stands still but for sleeps, so that time can be compared exactly.
#[tokio::test(start_paused = true)]
async fn work_takes_what_was_drawn() {
    let fail_rate = rate("0.5");
    let (work_dice, twin) = (Dice::seeded(7), Dice::seeded(7));
    let greeting = Followed::fixed(Greeting::default());
    let work = Work { dice: work_dice, fail_rate: Followed::fixed(fail_rate), greeting };
    for _ in 0..200 {
        let began = Instant::now();
        let answer = work.run(true).await;
        let (took, draw) = (began.elapsed(), twin.draw(fail_rate));
        // The timer counts in milliseconds and never fires early.
        assert!(took >= draw.delay && took <= draw.delay + Duration::from_millis(2), "{took:?} for {draw:?}");
        assert_eq!(answer.status().is_server_error(), draw.fails);
    }
}
