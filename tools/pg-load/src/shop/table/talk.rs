//! What customers say, and what they click.

use super::catalogue::{popular, signed, square};
use super::orders::{Line, Order};
use super::people::home;
use crate::shop::dice::{Key, scale};
use crate::shop::encode::{Encoder, push_number};
use crate::shop::rhythm::{DAY, share};
use crate::shop::{Shop, Table};

const STARS: [(u64, u64); 5] = [(8, 1), (5, 2), (10, 3), (27, 4), (50, 5)];
const TITLES: [&[&str]; 5] = [
    &["Broken after a week", "Never again", "Not what was shown"],
    &["Disappointing", "Could be better"],
    &["It does its job", "Average", "All right for the price"],
    &["Good", "Would buy again", "Nearly perfect"],
    &["Excellent", "Just what I wanted", "Highly recommended", "Perfect"],
];
const KINDS: [(u64, &str); 5] =
    [(62, "view"), (18, "search"), (11, "add_to_cart"), (5, "checkout"), (4, "login")];
const AGENTS: [(u64, &str); 4] = [(44, "Chrome"), (30, "Safari"), (14, "Firefox"), (12, "App")];
/// Events in a row that are of one session.
const PER_SESSION: u64 = 4;
/// The number of a key for what a session's events have in common.
const SESSION_KEY: u64 = 103;

/// A row of `reviews`: of the first line of an order, by who placed it.
pub fn review<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Reviews).row(row);
    // As there are no more reviews than orders, none is of the same order as another.
    let number = share(row, shop.sizes.orders, shop.sizes.reviews);
    let order = Order::of(shop, number);
    let stars = dice.weighed(&STARS);
    let locale = home(shop, order.customer);
    out.begin(9);
    out.int8(row + 1);
    out.int8(Line::of(shop, number, 0).product + 1);
    out.int8(order.customer + 1);
    out.int2(stars);
    out.text(locale.language);
    out.text(dice.word(TITLES[usize::try_from(stars - 1).unwrap_or(0)]));
    out.written(|text| {
        for sentence in 0..dice.between(1, 4) {
            if sentence > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(dice.pick(&locale.sentences).as_bytes());
        }
    });
    out.int4(signed(scale(square(square(dice.any())), 200)));
    out.time(order.placed_at + 4 * DAY + signed(dice.below((26 * DAY).unsigned_abs())));
    out.end();
}

/// A row of `events`.
pub fn event<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Events).row(row);
    let mut session = Key::new(shop.seed, SESSION_KEY).row(row / PER_SESSION);
    let kind = dice.weighed(&KINDS);
    out.begin(7);
    out.int8(row + 1);
    out.time(shop.events.time(row, dice.any()));
    let customer = scale(square(session.any()), shop.sizes.customers);
    if session.percent(60) {
        out.int8(customer + 1);
    } else {
        out.null();
    }
    let product = matches!(kind, "view" | "add_to_cart").then(|| popular(shop, dice.any()));
    match product {
        Some(product) => out.int8(product + 1),
        None => out.null(),
    }
    out.text(kind);
    // RFC 9562, version 4: four bits say so, and two more the variant.
    let id = (u128::from(session.any()) << 64) | u128::from(session.any());
    out.uuid((id & !(0xf << 76 | 0x3 << 62)) | (0x4 << 76) | (0x2 << 62));
    out.json(|payload| {
        payload.number("ms", 20 + scale(square(square(dice.any())), 4_000));
        payload.written("path", |text| {
            if let Some(product) = product {
                text.extend_from_slice(b"/p/");
                push_number(text, product + 1);
            } else {
                text.push(b'/');
                text.extend_from_slice(kind.as_bytes());
            }
        });
        payload.string("agent", session.weighed(&AGENTS));
    });
    out.end();
}
