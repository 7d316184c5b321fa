//! Rows are pure functions of seed, table and number.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::Rows;
use crate::shop::encode::{Binary, Csv, Digest};
use crate::shop::{Shop, Table, Unit};

static SHOP: LazyLock<Shop> = LazyLock::new(|| Shop::new(11, 200_000));
static UNITS: LazyLock<Vec<Unit>> = LazyLock::new(|| Unit::all(&SHOP));

/// The rows of `unit`, in chunks of so many bytes.
fn bytes(shop: &Shop, unit: &Unit, chunk: usize) -> (Vec<u8>, Digest) {
    let (mut rows, mut binary, mut all) = (Rows::new(shop, unit), Binary::default(), Vec::new());
    while rows.fill(&mut binary, |binary| binary.len() >= chunk) {
        all.extend(binary.take(chunk));
    }
    all.extend(binary.take(0));
    (all, binary.digest())
}

fn csv(shop: &Shop, unit: &Unit) -> String {
    let (mut rows, mut csv) = (Rows::new(shop, unit), Csv::default());
    assert!(!rows.fill(&mut csv, |_| false), "all of them");
    String::from_utf8(csv.take()).expect("text")
}

fn part(unit: &Unit, from: u64, to: u64) -> Unit {
    Unit { range: from..to, ..unit.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn neither_chunks_nor_order_nor_neighbours_matter(unit in 0..UNITS.len(), cut in 0.0..1.0_f64, chunk in 1_usize..100_000) {
        let unit = &UNITS[unit];
        let (whole, digest) = bytes(&SHOP, unit, usize::MAX);
        prop_assert_eq!(digest.rows, unit.rows);
        prop_assert_eq!(&bytes(&SHOP, unit, chunk).0, &whole);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "any row will do")]
        let cut = unit.range.start + ((unit.range.end - unit.range.start) as f64 * cut) as u64;
        // The later half is made first, as another session would.
        let (later, one) = bytes(&SHOP, &part(unit, cut, unit.range.end), chunk);
        let (sooner, other) = bytes(&SHOP, &part(unit, unit.range.start, cut), usize::MAX);
        prop_assert_eq!([sooner, later].concat(), whole);
        prop_assert_eq!(one.sum.wrapping_add(other.sum), digest.sum);
    }

    #[test]
    fn every_row_has_every_column(unit in 0..UNITS.len()) {
        let unit = &UNITS[unit];
        let first = part(unit, unit.range.start, unit.range.end.min(unit.range.start + 50));
        let columns = unit.part.table.columns().split(',').count();
        let text = csv(&SHOP, &first);
        for line in text.lines() {
            let outside = line.split('"').step_by(2);
            prop_assert_eq!(outside.map(|text| text.matches(',').count()).sum::<usize>() + 1, columns, "{}", line);
        }
        let (binary, _) = bytes(&SHOP, &first, usize::MAX);
        if let Some(count) = binary.first_chunk::<2>() {
            prop_assert_eq!(usize::try_from(i16::from_be_bytes(*count)).expect("small"), columns);
        }
    }
}

#[test]
fn the_same_shop_twice() {
    let (again, other) = (Shop::new(11, 200_000), Shop::new(12, 200_000));
    assert_eq!(again.schema_hash(), SHOP.schema_hash());
    for unit in UNITS.iter() {
        let (ours, _) = bytes(&SHOP, unit, usize::MAX);
        assert_eq!(bytes(&again, unit, usize::MAX).0, ours);
        assert_ne!(bytes(&other, unit, usize::MAX).0, ours, "{}", unit.part.name());
    }
}

#[test]
fn what_must_differ_differs() {
    for (table, column) in [
        (Table::Customers, 1),
        (Table::Products, 1),
        (Table::Hubs, 1),
        (Table::Categories, 0),
        (Table::Addresses, 0),
        (Table::Reviews, 0),
    ] {
        let unit = UNITS.iter().find(|unit| unit.part.table == table).expect("a unit");
        let text = csv(&SHOP, unit);
        let values = text.lines().map(|line| line.split(',').nth(column).expect("a value"));
        let all: BTreeSet<_> = values.collect();
        assert_eq!(all.len() as u64, unit.rows, "{table:?}");
    }
}

/// A checksum per table, of a seed and a size that never change: rows that a database holds would no longer be those of
/// this program if one of these did. Whoever changes a generator on purpose counts `GENERATION` up.
#[test]
fn the_rows_are_those_of_ever() {
    let sums: Vec<_> = Table::ALL
        .into_iter()
        .map(|table| {
            let units = UNITS.iter().filter(|unit| unit.part.table == table);
            let sum = units.map(|unit| bytes(&SHOP, unit, usize::MAX).1.sum).fold(0, u64::wrapping_add);
            format!("{} {sum:016x}", table.name())
        })
        .collect();
    assert_eq!(sums, EVER);
}

const EVER: [&str; 15] = [
    "categories 2064ccdc4b6a738e",
    "suppliers 02c79e32fda30d0e",
    "hubs 5ceb3d53d49ae144",
    "couriers 12d7008b3f481173",
    "customers ef8f0098ff9097ad",
    "addresses b575c30d54d2f405",
    "products d35977c7823a9927",
    "inventory 539543045be384df",
    "orders 5630365f3c6d3917",
    "order_items 34b16e1956130ac7",
    "payments 7ef46166cd0bde3f",
    "tours 67b37aa75e20c129",
    "deliveries 57b806a0a6fbef7c",
    "reviews 922565c259550479",
    "events 5c25e8bd9e87f46c",
];
