//! The shop: its schema, and every row of it as a pure function of seed, table and row number.
//!
//! 1. [`schema`]: the tables, in `tables.sql`, `keys.sql` and `foreign.sql`, and what is loaded as one: a table or a month of it.
//! 2. [`size`]: how many rows each has, out of the rows of all together.
//! 3. [`dice`] give each row its chance, [`rhythm`] its time, [`zipf`] its product, [`pools`] its words.
//! 4. [`table`]: one generator per table. What a row says of another table's row, it computes as that row does.
//! 5. [`encode`]: rows become bytes.

pub mod dice;
pub mod encode;
pub mod pools;
pub mod rhythm;
pub mod schema;
pub mod size;
pub mod table;
pub mod zipf;

use dice::Key;
use pools::Pools;
use rhythm::Rhythm;
use size::Sizes;
use zipf::Zipf;

pub use schema::{Table, Unit};

/// All that rows are computed from.
#[derive(Debug)]
pub struct Shop {
    /// The seed.
    pub seed: u64,
    /// The rows of all tables together.
    pub rows: u64,
    /// The rows of each table.
    pub sizes: Sizes,
    pools: Pools,
    orders: Rhythm,
    events: Rhythm,
    popularity: Zipf,
}

impl Shop {
    /// That of `rows` rows, from [`size::LEAST`] to [`size::MOST`], by `seed`.
    pub fn new(seed: u64, rows: u64) -> Self {
        let sizes = Sizes::of(rows);
        Self {
            seed,
            rows,
            sizes,
            pools: Pools::draw(seed),
            orders: Rhythm::new(sizes.orders),
            events: Rhythm::new(sizes.events),
            popularity: Zipf::new(sizes.products),
        }
    }

    /// What tells whether rows in a database are those that this program makes: the statements that make the tables, the
    /// version of the generators, and the words.
    pub fn schema_hash(&self) -> String {
        schema::hash(&self.pools.hash)
    }

    fn key(&self, table: Table) -> Key {
        Key::new(self.seed, table as u64)
    }
}
