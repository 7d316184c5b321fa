//! Zipf's law without a table: rejection-inversion sampling.
//!
//! W. Hörmann, G. Derflinger: Rejection-inversion to generate variates from monotone discrete distributions (1996). One
//! draw takes constant time and memory for any number of elements.

use rand::{Rng, RngExt as _};

/// Draws 1 to `elements`, k with a probability in proportion to 1 / k^exponent.
#[derive(Clone, Debug, PartialEq)]
pub struct Zipf {
    elements: f64,
    exponent: f64,
    /// The integral at 1.5, less the mass of the first element.
    low: f64,
    /// The integral at the last element's end.
    high: f64,
    /// How far below its element a draw may lie and be taken without another look.
    near: f64,
}

impl Zipf {
    /// `elements` is at least 1, `exponent` above 0.
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 elements neighbours are equally rare")]
    pub fn new(elements: u64, exponent: f64) -> Self {
        let mut zipf = Self { elements: elements as f64, exponent, low: 0.0, high: 0.0, near: 0.0 };
        zipf.low = zipf.integral(1.5) - 1.0;
        zipf.high = zipf.integral(zipf.elements + 0.5);
        zipf.near = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.mass(2.0));
        zipf
    }

    /// Draws one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1..=elements")]
    pub fn draw(&self, random: &mut impl Rng) -> u64 {
        loop {
            let area = self.high + random.random::<f64>() * (self.low - self.high);
            let at = self.inverse(area);
            let element = at.round().clamp(1.0, self.elements);
            if element - at <= self.near || area >= self.integral(element + 0.5) - self.mass(element) {
                return element as u64;
            }
        }
    }

    fn mass(&self, at: f64) -> f64 {
        (-self.exponent * at.ln()).exp()
    }

    /// The integral of the mass, in a form that has no hole where the exponent is 1.
    fn integral(&self, at: f64) -> f64 {
        let log = at.ln();
        exp_minus_one_over((1.0 - self.exponent) * log) * log
    }

    fn inverse(&self, area: f64) -> f64 {
        let scaled = (area * (1.0 - self.exponent)).max(-1.0);
        (log_one_plus_over(scaled) * area).exp()
    }
}

/// (e^x - 1) / x, also at 0.
fn exp_minus_one_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.exp_m1() / x } else { 1.0 + x / 2.0 }
}

/// ln(1 + x) / x, also at 0.
fn log_one_plus_over(x: f64) -> f64 {
    if x.abs() > 1e-8 { x.ln_1p() / x } else { 1.0 - x / 2.0 }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_pcg::Pcg64Mcg;

    use super::*;

    /// Shares of 200,000 draws beside the exact ones: five standard deviations are never exceeded by chance.
    #[test]
    fn draws_as_the_law_says() {
        const DRAWS: u32 = 200_000;
        for exponent in [0.5, 1.0, 1.2, 3.0] {
            let zipf = Zipf::new(50, exponent);
            let mut random = Pcg64Mcg::seed_from_u64(7);
            let mut counts = [0_u32; 51];
            for _ in 0..DRAWS {
                counts[usize::try_from(zipf.draw(&mut random)).expect("small")] += 1;
            }
            let total: f64 = (1..=50).map(|k| f64::from(k).powf(-exponent)).sum();
            for k in [1_u32, 2, 3, 10, 50] {
                let share = f64::from(k).powf(-exponent) / total;
                let (mean, seen) = (share * f64::from(DRAWS), f64::from(counts[k as usize]));
                let deviation = (mean * (1.0 - share)).sqrt();
                assert!((seen - mean).abs() < 5.0 * deviation + 1.0, "{exponent} {k}: {seen}, not {mean}");
            }
        }
    }

    #[test]
    fn the_ends_are_kept() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        for elements in [1, 2, 1_000_000_000_000] {
            let zipf = Zipf::new(elements, 1.1);
            assert!((0..1_000).all(|_| (1..=elements).contains(&zipf.draw(&mut random))));
        }
    }
}
