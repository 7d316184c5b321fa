//! One generator per table.
//!
//! 1. [`Rows`] walks through a unit's rows, a chunk at a time.
//! 2. [`catalogue`], [`people`], [`orders`], [`deliveries`] and [`talk`] say what a row holds. Where it repeats what another
//!    table's row says (an order's sum is that of its lines), both ask the same pure function.

pub mod catalogue;
pub mod deliveries;
pub mod orders;
pub mod people;
pub mod talk;

use super::encode::Encoder;
use super::{Shop, Table, Unit};

/// What is left of a unit's rows.
#[derive(Debug)]
pub struct Rows<'a> {
    shop: &'a Shop,
    table: Table,
    next: u64,
    end: u64,
}

impl<'a> Rows<'a> {
    /// Those of `unit`.
    pub fn new(shop: &'a Shop, unit: &Unit) -> Self {
        Self { shop, table: unit.part.table, next: unit.range.start, end: unit.range.end }
    }

    /// Tells `out` the next rows, until it `is_full` or there are no more; gives whether there are.
    pub fn fill<E: Encoder>(&mut self, out: &mut E, is_full: impl Fn(&E) -> bool) -> bool {
        match self.table {
            Table::Categories => self.run(out, is_full, catalogue::category),
            Table::Suppliers => self.run(out, is_full, catalogue::supplier),
            Table::Products => self.run(out, is_full, catalogue::product),
            Table::Inventory => self.run(out, is_full, catalogue::inventory),
            Table::Hubs => self.run(out, is_full, deliveries::hub),
            Table::Couriers => self.run(out, is_full, people::courier),
            Table::Customers => self.run(out, is_full, people::customer),
            Table::Addresses => self.run(out, is_full, people::address),
            Table::Orders => self.run(out, is_full, orders::order),
            Table::OrderItems => self.run(out, is_full, orders::items),
            Table::Payments => self.run(out, is_full, orders::payment),
            Table::Tours => self.run(out, is_full, deliveries::tour),
            Table::Deliveries => self.run(out, is_full, deliveries::delivery),
            Table::Reviews => self.run(out, is_full, talk::review),
            Table::Events => self.run(out, is_full, talk::event),
        }
    }

    /// One loop per table, so that the choice between them is made once per chunk.
    #[inline]
    fn run<E: Encoder>(
        &mut self,
        out: &mut E,
        is_full: impl Fn(&E) -> bool,
        row: impl Fn(&Shop, u64, &mut E),
    ) -> bool {
        while self.next < self.end && !is_full(out) {
            row(self.shop, self.next, out);
            self.next += 1;
        }
        self.next < self.end
    }
}

#[cfg(test)]
mod tests;
