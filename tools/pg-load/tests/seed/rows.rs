//! The rows agree with each other, and look like a shop's.

use crate::program::{number, query, refusal, seed};
use crate::support::Postgres;

/// What must hold, as the number of rows for which it does not.
const FAULTS: [(&str, &str); 9] = [
    (
        "an order's sum is that of its lines",
        "SELECT count(*) FROM shop.orders o JOIN (SELECT order_id, sum(total_cents) AS sum, count(*) AS lines \
         FROM shop.order_items GROUP BY order_id) i ON i.order_id = o.id \
         WHERE o.net_cents <> i.sum OR o.items <> i.lines",
    ),
    (
        "every order has lines",
        "SELECT count(*) FROM shop.orders WHERE id NOT IN (SELECT order_id FROM shop.order_items)",
    ),
    (
        "what is paid is what is due",
        "SELECT count(*) FROM shop.orders o JOIN shop.payments p ON p.order_id = o.id \
         WHERE o.total_cents <> p.amount_cents OR p.authorised_at < o.placed_at",
    ),
    (
        "a line costs what the product does",
        "SELECT count(*) FROM shop.order_items i JOIN shop.products p ON p.id = i.product_id \
         WHERE i.unit_cents <> p.price_cents",
    ),
    (
        "an order goes to an address of its customer",
        "SELECT count(*) FROM shop.orders o JOIN shop.addresses a ON a.id = o.address_id \
         WHERE a.customer_id <> o.customer_id",
    ),
    (
        "a parcel comes after its order, on a tour of that day",
        "SELECT count(*) FROM shop.deliveries d JOIN shop.tours t ON t.id = d.tour_id \
         WHERE d.delivered_at < d.placed_at OR d.promised_at::date <> t.day",
    ),
    (
        "a courier's tour leaves the courier's hub",
        "SELECT count(*) FROM shop.tours t JOIN shop.couriers c ON c.id = t.courier_id WHERE c.hub_id <> t.hub_id",
    ),
    (
        "no month holds another's rows",
        "SELECT count(*) FROM shop.orders WHERE tableoid::regclass::text <> 'shop.orders_' || to_char(placed_at, 'YYYY_MM')",
    ),
    (
        "ids ascend with time",
        "SELECT count(*) FROM (SELECT id, lag(id) OVER (ORDER BY placed_at, id) AS before FROM shop.orders) o WHERE id < before",
    ),
];

#[test]
fn they_agree_with_each_other() {
    let Some(postgres) = Postgres::start(&[("timezone", "UTC")]) else { return };
    let url = postgres.url();
    seed(&url, "5", &["--rows", "60k"]).well();
    for (what, faults) in FAULTS {
        assert_eq!(number(&url, faults), 0, "{what}");
    }
    constraints(&url);
    distributions(&url);
    // What is added goes on behind, into the partitions for the rest.
    let added = query(
        &url,
        "INSERT INTO shop.orders (placed_at, customer_id, address_id, status, channel, items, net_cents, shipping_cents) \
         VALUES ('2031-01-01', 1, 1, 'placed', 'web', 1, 100, 0) RETURNING id, tableoid::regclass::text",
    );
    let last = number(&url, "SELECT max(id) FROM shop.orders WHERE placed_at < '2026-01-01'");
    assert_eq!(
        (added[0].get::<_, i64>(0), added[0].get::<_, String>(1)),
        (last + 1, "shop.orders_rest".to_owned())
    );
}

fn constraints(url: &str) {
    let unsure =
        "SELECT count(*) FROM pg_constraint WHERE connamespace = 'shop'::regnamespace AND NOT convalidated";
    assert_eq!(number(url, unsure), 0);
    let invalid = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                   WHERE c.relnamespace = 'shop'::regnamespace AND NOT indisvalid";
    assert_eq!(number(url, invalid), 0);
    let on_tables = "SELECT count(*) FROM pg_constraint WHERE connamespace = 'shop'::regnamespace AND contype = 'f' \
                     AND conparentid = 0 AND conrelid IN ('shop.orders'::regclass, 'shop.order_items'::regclass, \
                     'shop.deliveries'::regclass)";
    assert_eq!(number(url, on_tables), 4, "partitioned tables have taken over the keys of their partitions");
    let frozen =
        "SELECT relallvisible::bigint - relpages FROM pg_class WHERE oid = 'shop.customers'::regclass";
    assert_eq!(number(url, frozen), 0, "every page is known to be visible to all, without a vacuum");
    for wrong in [
        "INSERT INTO shop.order_items VALUES (1, '2025-06-01', 1, 1, 1, 1, 0)",
        "INSERT INTO shop.reviews (product_id, customer_id, stars, language, title, body) VALUES (99999999, 1, 5, 'de', '', '')",
        "INSERT INTO shop.inventory (product_id, hub_id, quantity, reserved, restocked_at) VALUES (1, 1, 1, 1, now())",
    ] {
        let refused = refusal(url, wrong);
        assert!(refused.contains("SQLSTATE 23"), "{wrong}: {refused}");
    }
}

fn distributions(url: &str) {
    let orders = number(url, "SELECT count(*) FROM shop.orders");
    let lines = number(url, "SELECT count(*) FROM shop.order_items");
    // Zipf over 648 products: the first has 1/log2(649) of the lines, 10.7 %.
    let top =
        number(url, "SELECT count(*) FROM shop.order_items GROUP BY product_id ORDER BY 1 DESC LIMIT 1");
    assert!((lines * 9 / 100..lines * 13 / 100).contains(&top), "{top} of {lines}");
    let evening = number(url, "SELECT count(*) FROM shop.orders WHERE extract(hour FROM placed_at) = 20");
    let night = number(url, "SELECT count(*) FROM shop.orders WHERE extract(hour FROM placed_at) = 4");
    assert!(evening > 10 * night && night > 0, "{evening} at eight, {night} at four, of {orders}");
    let countries = number(url, "SELECT count(DISTINCT country) FROM shop.addresses");
    assert_eq!(countries, 8);
    let found = number(url, "SELECT count(*) FROM shop.products WHERE attributes @> '{\"color\": \"red\"}'");
    assert!(found > 0);
}
