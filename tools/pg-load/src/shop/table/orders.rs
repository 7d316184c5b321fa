//! Orders, their lines, and what was paid.
//!
//! [`Order`] and [`Line`] are what more than one table says of an order: computed wherever they are needed, from the same
//! dice.

use super::catalogue::{popular, price_cents, square};
use super::people::address_of;
use crate::shop::dice::{Dice, Key, scale};
use crate::shop::encode::{Encoder, push_number};
use crate::shop::rhythm::{DAY, END, MINUTE};
use crate::shop::size::lines;
use crate::shop::{Shop, Table};

const CHANNELS: [(u64, &str); 4] = [(48, "web"), (40, "app"), (4, "phone"), (8, "partner")];
const METHODS: [(u64, &str); 5] =
    [(44, "card"), (28, "paypal"), (8, "transfer"), (16, "invoice"), (4, "voucher")];
const BRANDS: [(u64, &str); 3] = [(52, "visa"), (40, "mastercard"), (8, "amex")];
const DISCOUNTS: [(u64, u64); 4] = [(82, 0), (10, 10), (5, 20), (3, 50)];
const QUANTITIES: [(u64, u64); 5] = [(78, 1), (13, 2), (5, 3), (3, 4), (1, 10)];
/// From here on an order ships for nothing.
const FREE_SHIPPING_CENTS: u64 = 4_900;
/// The number of a key for an order's lines, each with a row number of its own.
const LINE_KEY: u64 = 102;
/// More lines than an order can have.
const LINES_PER_ORDER: u64 = 8;

/// What became of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It was only just placed.
    Placed,
    /// It waits to be sent.
    Paid,
    /// It is on its way.
    Shipped,
    /// It arrived.
    Delivered,
    /// It arrived, and was sent back.
    Returned,
    /// It was taken back before it was sent.
    Cancelled,
}

/// What more than one table says of an order.
#[derive(Debug)]
pub struct Order {
    /// When it was placed, in microseconds since 2000-01-01 00:00 UTC.
    pub placed_at: i64,
    /// The number of the customer, from 0.
    pub customer: u64,
    /// What became of it.
    pub fate: Fate,
    /// For what one table alone says of it.
    pub dice: Dice,
}

/// One line of an order.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The number of the product, from 0.
    pub product: u64,
    quantity: u64,
    unit_cents: u64,
    discount_percent: u64,
}

impl Order {
    /// That of number `order`.
    #[inline]
    pub fn of(shop: &Shop, order: u64) -> Self {
        let mut dice = shop.key(Table::Orders).row(order);
        let placed_at = shop.orders.time(order, dice.any());
        let customer = scale(square(dice.any()), shop.sizes.customers);
        let fate = match (END - placed_at, dice.below(1_000)) {
            (_, 0..30) => Fate::Cancelled,
            (age, _) if age < DAY / 4 => Fate::Placed,
            (age, _) if age < DAY => Fate::Paid,
            (age, _) if age < 4 * DAY => Fate::Shipped,
            (_, 30..70) => Fate::Returned,
            _ => Fate::Delivered,
        };
        Self { placed_at, customer, fate, dice }
    }

    /// The same, when only the time is asked for.
    #[inline]
    pub fn placed_at(shop: &Shop, order: u64) -> i64 {
        shop.orders.time(order, shop.key(Table::Orders).row(order).any())
    }
}

impl Line {
    /// That of number `line`, from 0, of order number `order`.
    #[inline]
    pub fn of(shop: &Shop, order: u64, line: u64) -> Self {
        let mut dice = Key::new(shop.seed, LINE_KEY).row(order * LINES_PER_ORDER + line);
        let product = popular(shop, dice.any());
        Self {
            product,
            quantity: dice.weighed(&QUANTITIES),
            unit_cents: price_cents(shop, product),
            discount_percent: dice.weighed(&DISCOUNTS),
        }
    }

    /// As `order_items.total_cents` has it.
    #[inline]
    pub fn total_cents(&self) -> u64 {
        self.quantity * self.unit_cents * (100 - self.discount_percent) / 100
    }
}

/// What an order's goods and its shipping cost.
#[inline]
fn sums(shop: &Shop, order: u64) -> (u64, u64) {
    let net = (0..lines(order)).map(|line| Line::of(shop, order, line).total_cents()).sum();
    (net, if net >= FREE_SHIPPING_CENTS { 0 } else { 495 })
}

/// A row of `orders`.
pub fn order<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let Order { placed_at, customer, fate, mut dice } = Order::of(shop, row);
    let (net, shipping) = sums(shop, row);
    out.begin(10);
    out.int8(row + 1);
    out.time(placed_at);
    out.int8(customer + 1);
    out.int8(address_of(shop, customer, &mut dice) + 1);
    out.text(match fate {
        Fate::Placed => "placed",
        Fate::Paid => "paid",
        Fate::Shipped => "shipped",
        Fate::Delivered => "delivered",
        Fate::Returned => "returned",
        Fate::Cancelled => "cancelled",
    });
    out.text(dice.weighed(&CHANNELS));
    out.int2(lines(row));
    out.int8(net);
    out.int4(shipping.cast_signed());
    out.json(|metadata| {
        metadata.written("ip", |text| {
            text.extend_from_slice(b"10.");
            push_number(text, dice.below(256));
            text.push(b'.');
            push_number(text, dice.below(256));
            text.push(b'.');
            push_number(text, dice.below(256));
        });
        if dice.percent(12) {
            metadata.written("coupon", |text| {
                text.extend_from_slice(b"C");
                push_number(text, dice.between(1_000, 9_999));
            });
        }
    });
    out.end();
}

/// The rows of `order_items` of one order.
pub fn items<E: Encoder>(shop: &Shop, order: u64, out: &mut E) {
    let placed_at = Order::placed_at(shop, order);
    for number in 0..lines(order) {
        let line = Line::of(shop, order, number);
        out.begin(7);
        out.int8(order + 1);
        out.time(placed_at);
        out.int2(number + 1);
        out.int8(line.product + 1);
        out.int2(line.quantity);
        out.int4(line.unit_cents.cast_signed());
        out.int2(line.discount_percent);
        out.end();
    }
}

/// A row of `payments`.
pub fn payment<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let order = Order::of(shop, row);
    let mut dice = shop.key(Table::Payments).row(row);
    let (net, shipping) = sums(shop, row);
    let method = dice.weighed(&METHODS);
    out.begin(7);
    out.int8(row + 1);
    out.time(order.placed_at);
    out.text(method);
    out.text(match order.fate {
        Fate::Placed => "authorised",
        Fate::Cancelled if dice.percent(30) => "failed",
        Fate::Returned | Fate::Cancelled => "refunded",
        Fate::Paid | Fate::Shipped | Fate::Delivered => "captured",
    });
    out.int8(net + shipping);
    out.time(order.placed_at + dice.below((3 * MINUTE).unsigned_abs()).cast_signed());
    out.json(|details| match method {
        "card" => {
            details.string("brand", dice.weighed(&BRANDS));
            details.written("last4", |text| push_number(text, dice.between(1_000, 9_999)));
            details.flag("three_ds", dice.percent(80));
        }
        "voucher" => {
            details.number("code", dice.between(100_000, 999_999));
        }
        _ => {
            details.number("reference", dice.any() >> 20);
        }
    });
    out.end();
}
