//! The tables, and what is loaded as one.
//!
//! 1. [`Table`]: each with the columns that are sent; generated ones are the server's.
//! 2. [`Unit`]: a table, or a month of one that is partitioned; one transaction loads it.
//! 3. [`statements`]: the parts of `keys.sql` and `foreign.sql` that are about a table, for it or for one of its partitions.
//!
//! Every name in a statement is one of ours, from here or from those files: nothing that a user says becomes SQL.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::Shop;
use super::rhythm::MONTHS;
use super::size::lines_before;

/// Makes types, sequences, tables and partitions.
pub const TABLES: &str = include_str!("tables.sql");
/// Makes keys and indexes.
pub const KEYS: &str = include_str!("keys.sql");
/// Makes foreign keys.
pub const FOREIGN: &str = include_str!("foreign.sql");
/// Counts changes of what the generators make of the same seed.
const GENERATION: u32 = 1;
/// The partition for what is of no seeded month.
pub const REST: &str = "rest";

/// A table of the shop, in an order in which each refers to earlier ones only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "tables.sql says what each is")]
pub enum Table {
    Categories,
    Suppliers,
    Hubs,
    Couriers,
    Customers,
    Addresses,
    Products,
    Inventory,
    Orders,
    OrderItems,
    Payments,
    Tours,
    Deliveries,
    Reviews,
    Events,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Categories,
        Self::Suppliers,
        Self::Hubs,
        Self::Couriers,
        Self::Customers,
        Self::Addresses,
        Self::Products,
        Self::Inventory,
        Self::Orders,
        Self::OrderItems,
        Self::Payments,
        Self::Tours,
        Self::Deliveries,
        Self::Reviews,
        Self::Events,
    ];

    /// Its name in the schema `shop`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Categories => "categories",
            Self::Suppliers => "suppliers",
            Self::Hubs => "hubs",
            Self::Couriers => "couriers",
            Self::Customers => "customers",
            Self::Addresses => "addresses",
            Self::Products => "products",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
            Self::OrderItems => "order_items",
            Self::Payments => "payments",
            Self::Tours => "tours",
            Self::Deliveries => "deliveries",
            Self::Reviews => "reviews",
            Self::Events => "events",
        }
    }

    /// The columns that are sent, in the order in which its generator tells them.
    pub fn columns(self) -> &'static str {
        match self {
            Self::Categories => "id, parent_id, name, slug, depth",
            Self::Suppliers => "id, name, country, email, phone, rating, terms",
            Self::Hubs => "id, code, city, country, latitude_e6, longitude_e6, docks, opening",
            Self::Couriers => "id, hub_id, name, phone, vehicle, hired_on",
            Self::Customers => {
                "id, email, given_name, family_name, locale, phone, born_on, created_at, marketing, preferences"
            }
            Self::Addresses => "id, customer_id, street, postcode, city, country, is_default",
            Self::Products => {
                "id, sku, category_id, supplier_id, name, description, price_cents, vat_percent, weight_g, attributes, \
                 listed_at, retired"
            }
            Self::Inventory => "product_id, hub_id, quantity, reserved, restocked_at",
            Self::Orders => {
                "id, placed_at, customer_id, address_id, status, channel, items, net_cents, shipping_cents, metadata"
            }
            Self::OrderItems => {
                "order_id, placed_at, line, product_id, quantity, unit_cents, discount_percent"
            }
            Self::Payments => "order_id, placed_at, method, status, amount_cents, authorised_at, details",
            Self::Tours => "id, hub_id, courier_id, day, starts_at, distance_m, route",
            Self::Deliveries => "order_id, placed_at, tour_id, status, promised_at, delivered_at, attempts",
            Self::Reviews => "id, product_id, customer_id, stars, language, title, body, helpful, created_at",
            Self::Events => "id, at, customer_id, product_id, kind, session, payload",
        }
    }

    /// Whether it has a partition per month.
    pub fn is_partitioned(self) -> bool {
        matches!(self, Self::Orders | Self::OrderItems | Self::Payments | Self::Deliveries | Self::Events)
    }

    /// Its partitions, or itself: what holds rows.
    pub fn parts(self) -> Vec<Part> {
        if self.is_partitioned() {
            MONTHS.into_iter().chain([REST]).map(|month| Part { table: self, month: Some(month) }).collect()
        } else {
            vec![Part { table: self, month: None }]
        }
    }
}

/// A table, or one of its partitions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Part {
    /// The table.
    pub table: Table,
    /// The month, such as `2025_01`, or [`REST`]; nothing where the whole table is meant.
    pub month: Option<&'static str>,
}

impl Part {
    /// Its name in the schema `shop`.
    pub fn name(self) -> String {
        match self.month {
            Some(month) => format!("{}_{month}", self.table.name()),
            None => self.table.name().to_owned(),
        }
    }
}

/// What one transaction loads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unit {
    /// Where.
    pub part: Part,
    /// Which rows; of `order_items`, those of which orders.
    pub range: Range<u64>,
    /// How many rows these are.
    pub rows: u64,
}

impl Unit {
    /// All of `shop`, the largest first, so that none begins when the others end.
    pub fn all(shop: &Shop) -> Vec<Self> {
        let mut units: Vec<Self> = Table::ALL.into_iter().flat_map(|table| Self::of(shop, table)).collect();
        units.sort_by_key(|unit| std::cmp::Reverse(unit.rows));
        units
    }

    fn of(shop: &Shop, table: Table) -> Vec<Self> {
        if !table.is_partitioned() {
            let rows = shop.rows_of(table);
            return vec![Self { part: Part { table, month: None }, range: 0..rows, rows }];
        }
        let rhythm = if table == Table::Events { &shop.events } else { &shop.orders };
        let month = |(number, month)| {
            let range = rhythm.month(number);
            let rows = match table {
                Table::OrderItems => lines_before(range.end) - lines_before(range.start),
                _ => range.end - range.start,
            };
            Self { part: Part { table, month: Some(month) }, range, rows }
        };
        MONTHS.into_iter().enumerate().map(month).collect()
    }
}

impl Shop {
    /// How many rows `table` has.
    pub fn rows_of(&self, table: Table) -> u64 {
        let sizes = &self.sizes;
        match table {
            Table::Categories => sizes.categories,
            Table::Suppliers => sizes.suppliers,
            Table::Hubs => sizes.hubs,
            Table::Couriers => sizes.couriers,
            Table::Customers => sizes.customers,
            Table::Addresses => sizes.addresses,
            Table::Products => sizes.products,
            Table::Inventory => sizes.inventory,
            Table::Orders | Table::Payments | Table::Deliveries => sizes.orders,
            Table::OrderItems => lines_before(sizes.orders),
            Table::Tours => sizes.tours,
            Table::Reviews => sizes.reviews,
            Table::Events => sizes.events,
        }
    }
}

/// A statement about a table or a partition, and the name of what it makes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement {
    /// The part that it is about.
    pub part: Part,
    /// The index or constraint that it makes.
    pub makes: String,
    /// The statement.
    pub sql: String,
}

/// The statements of `file`, [`KEYS`] or [`FOREIGN`], about `part`.
pub fn statements(file: &str, part: Part) -> Vec<Statement> {
    let sections = file.split("\n-- on ").skip(1).filter_map(|section| section.split_once('\n'));
    let section = sections.filter(|(table, _)| *table == part.table.name()).map(|(_, text)| text);
    let templates = section.flat_map(|text| text.split(';').map(str::trim).filter(|text| !text.is_empty()));
    let whole_table = part.month.is_none() && part.table.is_partitioned();
    // What is said of a month is said of each partition, and of nothing else.
    let templates = templates.filter(|template| !(whole_table && template.contains("{month}")));
    let statement = |template: &str| {
        let sql =
            template.replace("{table}", &part.name()).replace("{month}", part.month.unwrap_or_default());
        let makes = sql.split_once(" CONSTRAINT ").or(sql.split_once(" INDEX ")).map_or("", |(_, rest)| rest);
        let makes = makes.split(' ').next().unwrap_or_default().to_owned();
        Statement { part, makes, sql }
    };
    templates.map(statement).collect()
}

/// See [`Shop::schema_hash`].
pub(super) fn hash(words: &[u8; 32]) -> String {
    let mut hasher = Sha256::new();
    for text in [TABLES, KEYS, FOREIGN] {
        hasher.update(text);
    }
    hasher.update(words);
    hasher.update(GENERATION.to_be_bytes());
    let hash: [u8; 32] = hasher.finalize().into();
    let (first, _) = hash.split_at(8);
    format!("{:016x}", u64::from_be_bytes(first.try_into().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_found_and_names_what_it_makes() {
        for (file, count) in [(KEYS, 28), (FOREIGN, 18)] {
            let parts = Table::ALL.into_iter().map(|table| table.parts()[0]);
            let all: Vec<_> = parts.flat_map(|part| statements(file, part)).collect();
            assert_eq!(all.len(), count);
            assert_eq!(all.len(), file.matches(';').count());
            for statement in &all {
                assert!(statement.makes.starts_with(&statement.part.name()), "{statement:?}");
                assert!(!statement.sql.contains('{'), "{statement:?}");
            }
        }
    }

    #[test]
    fn a_month_refers_to_its_month_and_the_whole_table_does_not() {
        let january = Part { table: Table::Payments, month: Some("2025_01") };
        let sql = &statements(FOREIGN, january)[0].sql;
        assert!(sql.contains("shop.payments_2025_01 ") && sql.contains("shop.orders_2025_01 "), "{sql}");
        assert!(statements(FOREIGN, Part { table: Table::Payments, month: None }).is_empty());
        assert_eq!(statements(FOREIGN, Part { table: Table::OrderItems, month: None }).len(), 1);
    }

    #[test]
    fn units_hold_every_row_once() {
        let shop = Shop::new(1, 50_000);
        let units = Unit::all(&shop);
        assert_eq!(units.len(), 10 + 5 * 12);
        assert_eq!(units.iter().map(|unit| unit.rows).sum::<u64>(), 50_000);
    }
}
