//! What is sold: categories, suppliers, products, and where they lie.

use crate::shop::dice::{Dice, Key, scale};
use crate::shop::encode::{Encoder, push_number};
use crate::shop::rhythm::{DAY, START};
use crate::shop::size::SHELVES;
use crate::shop::{Shop, Table};

const COLORS: [&str; 12] = [
    "black",
    "white",
    "red",
    "blue",
    "green",
    "grey",
    "yellow",
    "silver",
    "brown",
    "orange",
    "pink",
    "turquoise",
];
const MATERIALS: [&str; 8] = ["cotton", "steel", "oak", "glass", "leather", "wool", "plastic", "bamboo"];
const SIZES: [&str; 6] = ["XS", "S", "M", "L", "XL", "XXL"];
const INCOTERMS: [&str; 4] = ["DAP", "DDP", "EXW", "FCA"];
/// Prices begin at these cents, and reach four times as much: most things are cheap.
const PRICES: [(u64, u64); 5] = [(25, 199), (35, 799), (25, 2_499), (11, 7_999), (4, 29_999)];
/// The number of a key for what a product costs, which order lines ask for more often than for all else.
const PRICE_KEY: u64 = 100;

/// A row of `categories`: a tree of twelve roots.
pub fn category<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Categories).row(row);
    let name = dice.pick(&shop.pools.industries);
    out.begin(5);
    out.int4(signed(row + 1));
    // Every row's parent is an earlier one of the first 60: no branch is deeper than two.
    let (parent, depth) = match row {
        0..12 => (None, 0),
        12..60 => (Some(row % 12), 1),
        _ => (Some(12 + row % 48), 2),
    };
    match parent {
        Some(parent) => out.int4(signed(parent + 1)),
        None => out.null(),
    }
    out.text(name);
    out.written(|text| {
        let letters =
            name.bytes().filter(u8::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
        text.extend(letters);
        text.push(b'-');
        push_number(text, row + 1);
    });
    out.int2(depth);
    out.end();
}

/// A row of `suppliers`.
pub fn supplier<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Suppliers).row(row);
    let locale = dice.pick(&shop.pools.locales);
    out.begin(7);
    out.int4(signed(row + 1));
    out.text(dice.word(&locale.companies));
    out.text(locale.country);
    out.written(|text| {
        text.extend_from_slice(b"orders@supplier");
        push_number(text, row + 1);
        text.extend_from_slice(b".example");
    });
    out.text(dice.word(&locale.phones));
    out.int2(100 - dice.below(50) * dice.below(50) / 25);
    out.json(|terms| {
        terms.number("days", dice.weighed(&[(50, 30), (20, 14), (20, 60), (10, 0)]));
        terms.string("incoterm", dice.word(&INCOTERMS));
    });
    out.end();
}

/// A row of `products`.
pub fn product<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Products).row(row);
    let words = (dice.pick(&shop.pools.adjectives), dice.pick(&shop.pools.nouns));
    out.begin(12);
    out.int8(row + 1);
    out.written(|text| {
        text.extend_from_slice(b"SKU-");
        push_number(text, 100_000_000 + row);
    });
    // Few categories hold much: the square of chance.
    let category = scale(square(dice.any()), shop.sizes.categories);
    out.int4(signed(category + 1));
    out.int4(signed(dice.between(1, shop.sizes.suppliers)));
    out.written(|text| {
        text.extend_from_slice(words.0.as_bytes());
        text.push(b' ');
        text.extend_from_slice(words.1.as_bytes());
    });
    out.written(|text| {
        let sentences = &shop.pools.locales[2].sentences;
        text.extend_from_slice(dice.pick(sentences).as_bytes());
        text.push(b' ');
        text.extend_from_slice(dice.pick(sentences).as_bytes());
    });
    out.int4(signed(price_cents(shop, row)));
    out.int2(if category.is_multiple_of(5) { 7 } else { 19 });
    out.int4(signed(30 + scale(square(dice.any()), 20_000)));
    out.json(|attributes| {
        attributes.string("size", dice.word(&SIZES));
        attributes.string("color", dice.word(&COLORS));
        attributes.string("material", dice.word(&MATERIALS));
        attributes.number("warranty_months", dice.weighed(&[(60, 24), (25, 12), (15, 36)]));
    });
    out.time(before_start(&mut dice, 2_000));
    out.boolean(dice.percent(3));
    out.end();
}

/// What product number `product` costs.
#[inline]
pub fn price_cents(shop: &Shop, product: u64) -> u64 {
    let mut dice = Key::new(shop.seed, PRICE_KEY).row(product);
    let from = dice.weighed(&PRICES);
    // All end in 99.
    (from + dice.below(from * 3)) / 100 * 100 + 99
}

/// The product that is bought where `random` decides.
#[inline]
pub fn popular(shop: &Shop, random: u64) -> u64 {
    shop.popularity.spread(shop.popularity.rank(random))
}

/// A row of `inventory`: each product lies in as many hubs.
pub fn inventory<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Inventory).row(row);
    let shelves = shop.sizes.hubs.min(SHELVES);
    let (product, shelf) = (row / shelves, row % shelves);
    out.begin(5);
    out.int8(product + 1);
    out.int4(signed((product + shelf) % shop.sizes.hubs + 1));
    let quantity = dice.below(200) + dice.below(2) * dice.below(2_000);
    out.int4(signed(quantity));
    out.int4(signed(dice.below(quantity / 10 + 1)));
    out.time(before_start(&mut dice, 200));
    out.end();
}

/// A moment of the so many days before the seeded year.
pub(super) fn before_start(dice: &mut Dice, days: u64) -> i64 {
    let micros = dice.below(days * DAY.unsigned_abs());
    START - 1 - micros.cast_signed()
}

/// For columns of small numbers.
#[inline]
pub(super) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// The square of a chance: small ones are likelier.
#[inline]
pub(super) fn square(random: u64) -> u64 {
    scale(random, random)
}
