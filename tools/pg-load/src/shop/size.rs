//! How many rows each table has.
//!
//! 1. All follow from the number of orders, as in a shop: two and a half items an order, one delivery, two events.
//! 2. Reviews take what is left: the rows of all tables together are exactly what was asked for.

use super::rhythm::share;

/// Fewer than this make no shop.
pub const LEAST: u64 = 10_000;
/// More than this nobody has tried.
pub const MOST: u64 = 100_000_000_000;
/// Days that have tours: the year, and three for its last parcels.
pub const TOUR_DAYS: u64 = 368;
/// In how many hubs a product lies, where there are as many.
pub const SHELVES: u64 = 3;
/// The numbers of lines that sixteen orders in a row have, in some order.
const LINES: [u64; 16] = [1, 2, 1, 4, 2, 1, 3, 2, 1, 6, 2, 1, 5, 3, 2, 4];
const LINES_SUM: u64 = 40;

/// The rows of each table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sizes {
    /// Of `categories`.
    pub categories: u64,
    /// Of `suppliers`.
    pub suppliers: u64,
    /// Of `hubs`.
    pub hubs: u64,
    /// Of `couriers`.
    pub couriers: u64,
    /// Of `customers`.
    pub customers: u64,
    /// Of `addresses`.
    pub addresses: u64,
    /// Of `products`.
    pub products: u64,
    /// Of `inventory`.
    pub inventory: u64,
    /// Of `orders`, `payments` and `deliveries`, each.
    pub orders: u64,
    /// Of `tours`.
    pub tours: u64,
    /// Of `events`.
    pub events: u64,
    /// Of `reviews`.
    pub reviews: u64,
}

impl Sizes {
    /// Those of a shop of `rows` rows, from [`LEAST`] to [`MOST`].
    pub fn of(rows: u64) -> Self {
        let orders = share(rows, 108, 1_000);
        let products = orders / 10;
        let hubs = (orders / 5_000).clamp(1, 500);
        let customers = orders * 2 / 5;
        let mut sizes = Self {
            categories: (products / 40).clamp(12, 400),
            suppliers: (products / 50).clamp(5, 5_000),
            hubs,
            couriers: hubs * COURIERS_PER_HUB,
            customers,
            addresses: customers + second_addresses(customers),
            products,
            inventory: products * hubs.min(SHELVES),
            orders,
            tours: TOUR_DAYS * hubs,
            events: orders * 2,
            reviews: 0,
        };
        sizes.reviews = rows - sizes.total();
        sizes
    }

    /// The rows of all tables.
    pub fn total(&self) -> u64 {
        let orders = self.orders * 3 + lines_before(self.orders);
        let shop = self.categories + self.suppliers + self.products + self.inventory + self.reviews;
        let people = self.couriers + self.customers + self.addresses;
        orders + shop + people + self.hubs + self.tours + self.events
    }
}

/// Couriers of each hub.
pub const COURIERS_PER_HUB: u64 = 8;

/// How many of the first `customers` customers have a second address: those whose number ends in 0, 3 or 6.
pub fn second_addresses(customers: u64) -> u64 {
    customers / 10 * 3 + [0, 1, 1, 1, 2, 2, 2, 3, 3, 3][usize::try_from(customers % 10).unwrap_or(0)]
}

/// How many lines order number `order` has.
#[inline]
pub fn lines(order: u64) -> u64 {
    // Each sixteen begin elsewhere, so that no pattern is seen in months.
    let begin = super::dice::mix(order / 16);
    LINES[usize::try_from((order.wrapping_add(begin)) % 16).unwrap_or(0)]
}

/// How many lines all orders before number `order` have.
pub fn lines_before(order: u64) -> u64 {
    let whole = order / 16;
    whole * LINES_SUM + (whole * 16..order).map(lines).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_million_rows() {
        let sizes = Sizes::of(1_200_000);
        assert_eq!(
            (sizes.orders, sizes.products, sizes.customers, sizes.hubs),
            (129_600, 12_960, 51_840, 25)
        );
        assert_eq!(lines_before(sizes.orders), 324_000);
    }

    proptest! {
        #[test]
        fn all_together_are_what_was_asked_for(rows in LEAST..MOST) {
            let sizes = Sizes::of(rows);
            prop_assert_eq!(sizes.total(), rows);
            prop_assert!((1..=sizes.orders).contains(&sizes.reviews), "{sizes:?}");
        }

        #[test]
        fn lines_add_up(order in 0_u64..1 << 40) {
            prop_assert_eq!(lines_before(order + 1), lines_before(order) + lines(order));
            prop_assert!((1..=6).contains(&lines(order)));
        }

        #[test]
        fn second_addresses_add_up(customer in 0_u64..1 << 40) {
            let has_one = u64::from(matches!(customer % 10, 0 | 3 | 6));
            prop_assert_eq!(second_addresses(customer + 1), second_addresses(customer) + has_one);
        }
    }
}
