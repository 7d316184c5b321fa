//! Hubs, the tours that leave them every day, and what they carry.

use super::catalogue::signed;
use super::orders::{Fate, Order};
use crate::shop::dice::{Dice, mix};
use crate::shop::encode::{Encoder, push_number};
use crate::shop::rhythm::{DAY, END, FIRST_DAY, HOUR, MINUTE, START};
use crate::shop::size::COURIERS_PER_HUB;
use crate::shop::{Shop, Table};

/// Where hubs may lie, in millionths of a degree: about Europe.
const LATITUDE: (u64, u64) = (38_000_000, 59_000_000);
const LONGITUDE: (i64, u64) = (-9_000_000, 36_000_000);

/// A row of `hubs`.
pub fn hub<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Hubs).row(row);
    let locale = dice.pick(&shop.pools.locales);
    out.begin(8);
    out.int4(signed(row + 1));
    out.written(|text| {
        text.extend_from_slice(locale.country.as_bytes());
        text.push(b'-');
        push_number(text, row + 1);
    });
    out.text(&dice.pick(&locale.cities).0);
    out.text(locale.country);
    out.int4(signed(dice.between(LATITUDE.0, LATITUDE.1)));
    out.int4(LONGITUDE.0 + signed(dice.below(LONGITUDE.1)));
    out.int2(dice.between(4, 60));
    out.json(|opening| {
        opening.number("to", dice.between(18, 24));
        opening.number("from", dice.between(4, 9));
    });
    out.end();
}

/// A row of `tours`: every hub has one each day.
pub fn tour<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Tours).row(row);
    let (day, hub) = (row / shop.sizes.hubs, row % shop.sizes.hubs);
    out.begin(7);
    out.int8(row + 1);
    out.int4(signed(hub + 1));
    out.int4(signed(hub * COURIERS_PER_HUB + dice.below(COURIERS_PER_HUB) + 1));
    out.date(FIRST_DAY + i32::try_from(day).unwrap_or(0));
    out.time(START + signed(day) * DAY + 5 * HOUR + signed(dice.below(180)) * MINUTE);
    out.int4(signed(dice.between(20_000, 180_000)));
    out.json(|route| {
        route.number("zone", dice.between(1, 12));
        route.number("load_kg", dice.between(80, 900));
    });
    out.end();
}

/// A row of `deliveries`: one per order, on a tour of one of the three days after it.
pub fn delivery<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let order = Order::of(shop, row);
    let mut dice = shop.key(Table::Deliveries).row(row);
    let day = (order.placed_at - START) / DAY + dice.weighed(&[(60, 1), (30, 2), (10, 3)]);
    let hub = mix(order.customer) % shop.sizes.hubs;
    let morning = START + day * DAY;
    let promised_at = morning + 18 * HOUR;
    let outcome = outcome(&order, morning, &mut dice);
    out.begin(7);
    out.int8(row + 1);
    out.time(order.placed_at);
    out.int8(day.unsigned_abs() * shop.sizes.hubs + hub + 1);
    out.text(outcome.status);
    out.time(promised_at);
    match outcome.delivered_at {
        Some(time) => out.time(time),
        None => out.null(),
    }
    out.int2(outcome.attempts);
    out.end();
}

struct Outcome {
    status: &'static str,
    delivered_at: Option<i64>,
    attempts: u64,
}

fn outcome(order: &Order, morning: i64, dice: &mut Dice) -> Outcome {
    let none = |status, attempts| Outcome { status, delivered_at: None, attempts };
    match order.fate {
        Fate::Cancelled => none("cancelled", 0),
        Fate::Placed | Fate::Paid => none("planned", 0),
        Fate::Shipped if morning + DAY >= END => none("on_tour", 0),
        Fate::Shipped if dice.percent(10) => none("missed", 1),
        Fate::Shipped | Fate::Delivered | Fate::Returned => {
            // From eight on; one in twelve comes after what was promised.
            let minutes = if dice.below(12) == 0 { dice.between(600, 840) } else { dice.between(0, 599) };
            let attempts = if dice.percent(6) { 2 } else { 1 };
            let delivered_at = morning + 8 * HOUR + signed(minutes) * MINUTE;
            Outcome { status: "delivered", delivered_at: Some(delivered_at), attempts }
        }
    }
}
