//! Numbers with Kubernetes' units.
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>

use anyhow::{Context as _, anyhow};
use serde_json::Value;

/// A quantity in thousandths: `250m` is 250, `1` is 1000, `1Ki` is 1,024,000.
pub fn milli(value: &Value) -> anyhow::Result<i128> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => parse(&number.to_string()),
        _ => Err(anyhow!("is no quantity: {value}")),
    }
}

fn parse(text: &str) -> anyhow::Result<i128> {
    let end = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 =
        format!("{whole}{fraction}").parse().with_context(|| format!("is no quantity: {text:?}"))?;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len())?).context("has too many digits")?;
    digits.checked_mul(factor(unit)?).map(|product| product / scale).context("is too large")
}

/// What a unit is in thousandths.
fn factor(unit: &str) -> anyhow::Result<i128> {
    let power = |base: i128, letter: &str, letters: [&str; 6]| {
        let exponent = letters.iter().position(|known| *known == letter)?;
        base.checked_pow(u32::try_from(exponent).ok()? + 1)
    };
    match unit {
        "m" => Some(1),
        "" => Some(1000),
        _ => match unit.strip_suffix('i') {
            Some(letter) => power(1024, letter, ["K", "M", "G", "T", "P", "E"]).map(|factor| factor * 1000),
            None => power(1000, unit, ["k", "M", "G", "T", "P", "E"]).map(|factor| factor * 1000),
        },
    }
    .ok_or_else(|| anyhow!("has a unit that is not known: {unit:?}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_unit_is_understood() {
        for (value, expected) in [
            (json!("250m"), 250),
            (json!("1"), 1000),
            (json!(2), 2000),
            (json!("0.5"), 500),
            (json!("1.5Gi"), 1_610_612_736_000),
            (json!("64Mi"), 67_108_864_000),
            (json!("1k"), 1_000_000),
            (json!("1Ki"), 1_024_000),
        ] {
            assert_eq!(milli(&value).ok(), Some(expected), "{value}");
        }
        for value in [json!("1X"), json!("Mi"), json!(""), json!(null), json!("1.2.3")] {
            assert!(milli(&value).is_err(), "{value}");
        }
    }
}
