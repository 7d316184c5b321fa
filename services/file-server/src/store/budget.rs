//! The bytes of bodies that are in memory, counted where they are freed and nowhere else.
//!
//! 1. A [`Lease`] is taken for so many bytes before they are read.
//! 2. [`Lease::hold`] makes [`Bytes`] that carry it: it ends when the last clone is dropped, which for a slow client is
//!    when hyper has written them out, long after the stream that made them is gone.
//! 3. Nobody ever waits for a lease: who gets none does without (reads less ahead, streams instead of keeping). So no
//!    slow client can hold up another, and there is nothing to deadlock on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;

/// So many bytes and no more. Cheap to clone.
#[derive(Clone)]
pub struct Budget(Arc<Account>);

struct Account {
    total: u64,
    /// The metric is the account: what is scraped is what is decided by.
    used: Gauge,
}

/// Bytes that are counted until this is dropped.
pub struct Lease {
    account: Arc<Account>,
    bytes: u64,
}

impl Budget {
    /// A budget of `total` bytes, whose use `used` shows.
    pub fn new(total: u64, used: Gauge) -> Self {
        Self(Arc::new(Account { total, used }))
    }

    /// The bytes leased now; more than the total only by what [`take_anyway`](Self::take_anyway) took.
    pub fn used(&self) -> u64 {
        u64::try_from(self.0.used.get()).unwrap_or(0)
    }

    /// The bytes that can still be taken.
    pub fn free(&self) -> u64 {
        self.0.total.saturating_sub(self.used())
    }

    /// A lease of `bytes`, where they are free.
    pub fn take(&self, bytes: u64) -> Option<Lease> {
        let fits = |used: i64| {
            let sum = u64::try_from(used).ok()?.checked_add(bytes)?;
            if sum <= self.0.total { i64::try_from(sum).ok() } else { None }
        };
        self.0.used.inner().fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(self.lease(bytes))
    }

    /// A lease of `bytes` whether they are free or not: for what is in memory already.
    pub fn take_anyway(&self, bytes: u64) -> Lease {
        self.0.used.inc_by(signed(bytes));
        self.lease(bytes)
    }

    fn lease(&self, bytes: u64) -> Lease {
        Lease { account: Arc::clone(&self.0), bytes }
    }
}

impl Lease {
    /// The data as bytes that give the lease back when the last clone of them is dropped.
    pub fn hold(self, data: impl Into<Bytes>) -> Bytes {
        Bytes::from_owner(Leased { data: data.into(), _lease: self })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.account.used.dec_by(signed(self.bytes));
    }
}

/// Leases are of memory, which is far from 2^63 bytes.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The data first: a lease ends after the memory it stands for.
struct Leased {
    data: Bytes,
    _lease: Lease,
}

impl AsRef<[u8]> for Leased {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_with_the_last_clone_of_its_bytes() {
        let budget = Budget::new(100, Gauge::default());
        let lease = budget.take(60).expect("there are 100");
        assert!(budget.take(41).is_none());
        let bytes = lease.hold(vec![0; 60]);
        let slice = bytes.slice(10..20);
        drop(bytes);
        assert_eq!((budget.used(), budget.free()), (60, 40));
        drop(slice);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn what_is_taken_anyway_counts() {
        let budget = Budget::new(10, Gauge::default());
        let over = budget.take_anyway(64);
        assert_eq!((budget.used(), budget.free()), (64, 0));
        assert!(budget.take(1).is_none());
        drop(over);
        let lease = budget.take(10).expect("all is free again");
        assert!(budget.take(u64::MAX).is_none());
        drop(lease);
        assert_eq!(budget.used(), 0);
    }
}
