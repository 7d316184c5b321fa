//! Customers, their addresses, and those who bring them what they ordered.

use super::catalogue::{before_start, signed};
use crate::shop::dice::{Dice, Key};
use crate::shop::encode::{Encoder, push_number};
use crate::shop::pools::Locale;
use crate::shop::rhythm::FIRST_DAY;
use crate::shop::size::{COURIERS_PER_HUB, second_addresses};
use crate::shop::{Shop, Table};

const VEHICLES: [(u64, &str); 4] = [(55, "van"), (20, "bicycle"), (5, "truck"), (20, "electric")];
const THEMES: [(u64, &str); 3] = [(50, "light"), (35, "dark"), (15, "system")];
const MAILS: [(u64, &str); 3] = [(45, "never"), (40, "weekly"), (15, "daily")];
/// The number of a key for where a customer lives, which more than one table asks for.
const HOME_KEY: u64 = 101;
/// Days of a human life of 18 to 85 years.
const ADULT: (u64, u64) = (6_575, 31_000);

/// Where customer number `customer` lives.
#[inline]
pub fn home(shop: &Shop, customer: u64) -> &Locale {
    let mut left = Key::new(shop.seed, HOME_KEY).row(customer).below(100);
    let locales = &shop.pools.locales;
    let at = locales.iter().position(|locale| {
        let is_here = left < locale.share;
        left = left.saturating_sub(locale.share);
        is_here
    });
    &locales[at.unwrap_or(0)]
}

/// A row of `customers`.
pub fn customer<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Customers).row(row);
    let locale = home(shop, row);
    let (given, family) = (dice.pick(&locale.given), dice.pick(&locale.family));
    out.begin(10);
    out.int8(row + 1);
    out.written(|text| {
        mailbox(text, given, family);
        push_number(text, row + 1);
        text.push(b'@');
        text.extend_from_slice(dice.pick(&locale.mail).as_bytes());
    });
    out.text(given);
    out.text(family);
    out.text(locale.tag);
    out.text(dice.word(&locale.phones));
    out.date(days_before_start(dice.between(ADULT.0, ADULT.1)));
    out.time(before_start(&mut dice, 2_500));
    let marketing = dice.percent(40);
    out.boolean(marketing);
    out.json(|preferences| {
        preferences.string("mail", if marketing { dice.weighed(&MAILS) } else { "never" });
        preferences.string("theme", dice.weighed(&THEMES));
        preferences.string("language", locale.language);
        preferences.flag("save_payment", dice.percent(55));
    });
    out.end();
}

/// What stands before a mail's number: the name, in what of it is ASCII.
fn mailbox(text: &mut Vec<u8>, given: &str, family: &str) {
    let letters = |name: &str| {
        let mut letters = [0; 10];
        let mut length = 0;
        for letter in name.bytes().filter(u8::is_ascii_alphabetic).take(letters.len()) {
            letters[length] = letter.to_ascii_lowercase();
            length += 1;
        }
        (letters, length)
    };
    for name in [given, family] {
        let (letters, length) = letters(name);
        if length > 0 {
            text.extend_from_slice(&letters[..length]);
            text.push(b'.');
        }
    }
}

/// A row of `addresses`: everyone's first, then the second ones of those who have one.
pub fn address<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Addresses).row(row);
    let customers = shop.sizes.customers;
    let (customer, is_default) = match row.checked_sub(customers) {
        None => (row, true),
        Some(second) => (second / 3 * 10 + [0, 3, 6][usize::try_from(second % 3).unwrap_or(0)], false),
    };
    let locale = home(shop, customer);
    let (city, postcode) = dice.pick(&locale.cities);
    out.begin(7);
    out.int8(row + 1);
    out.int8(customer + 1);
    out.written(|text| {
        text.extend_from_slice(dice.pick(&locale.streets).as_bytes());
        text.push(b' ');
        push_number(text, dice.between(1, 180));
    });
    out.text(postcode);
    out.text(city);
    out.text(locale.country);
    out.boolean(is_default);
    out.end();
}

/// The row of an address of customer number `customer` that an order goes to: mostly the first.
#[inline]
pub fn address_of(shop: &Shop, customer: u64, dice: &mut Dice) -> u64 {
    if matches!(customer % 10, 0 | 3 | 6) && dice.percent(25) {
        shop.sizes.customers + second_addresses(customer)
    } else {
        customer
    }
}

/// A row of `couriers`.
pub fn courier<E: Encoder>(shop: &Shop, row: u64, out: &mut E) {
    let mut dice = shop.key(Table::Couriers).row(row);
    let locale = dice.pick(&shop.pools.locales);
    out.begin(6);
    out.int4(signed(row + 1));
    out.int4(signed(row / COURIERS_PER_HUB + 1));
    out.written(|text| {
        text.extend_from_slice(dice.pick(&locale.given).as_bytes());
        text.push(b' ');
        text.extend_from_slice(dice.pick(&locale.family).as_bytes());
    });
    out.text(dice.word(&locale.phones));
    out.text(dice.weighed(&VEHICLES));
    out.date(days_before_start(dice.between(1, 4_000)));
    out.end();
}

fn days_before_start(days: u64) -> i32 {
    FIRST_DAY - i32::try_from(days).unwrap_or(0)
}
