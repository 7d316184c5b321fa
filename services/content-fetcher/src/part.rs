//! The memory that content passes through: so many parts of a fixed size, used again and again.
//!
//! 1. [`PartPool::take`] waits until one of the parts is free; what waits holds none, so nothing can lock up.
//! 2. A [`Part`] is filled with copies. To keep the HTTP client's own buffers instead would save the copy, but each of
//!    them may pin many times its length, and the bound would be gone; copied, the client uses one buffer again and again.
//! 3. [`Part::into_bytes`] hands it to the store's client without a copy. When the last clone of it is dropped, the
//!    memory goes back to the pool: the bound holds for what the client still sends, too.
//!
//! In all: part size × parts, whatever is fetched.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Parts to fill. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PartPool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    part_size: usize,
    free: Arc<Semaphore>,
    buffers: Mutex<Vec<Vec<u8>>>,
    in_flight: Gauge,
}

/// One part, being filled.
#[derive(Debug)]
pub struct Part {
    bytes: Vec<u8>,
    pool: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl PartPool {
    /// A pool of `parts` parts of `part_size` bytes; `in_flight` counts those in use.
    pub fn new(part_size: usize, parts: usize, in_flight: Gauge) -> Self {
        let free = Arc::new(Semaphore::new(parts));
        Self(Arc::new(Shared { part_size, free, buffers: Mutex::default(), in_flight }))
    }

    /// The size of a part in bytes.
    pub fn part_size(&self) -> usize {
        self.0.part_size
    }

    /// Waits for a free part. `length` is how much is still to come, where that is known: a small object gets
    /// small memory.
    pub async fn take(&self, length: Option<u64>) -> Part {
        let permit = Arc::clone(&self.0.free).acquire_owned().await;
        let permit = permit.expect("the pool's semaphore is never closed");
        let full = self.0.part_size;
        let needed = length.map_or(full, |length| usize::try_from(length).unwrap_or(full).min(full));
        let mut buffers = self.0.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = match buffers.pop() {
            Some(used) => used,
            None => Vec::with_capacity(needed),
        };
        drop(buffers);
        self.0.in_flight.inc();
        Part { bytes, pool: Arc::clone(&self.0), _permit: permit }
    }

    /// Gives the memory of free parts back to the system, between two rounds.
    pub fn trim(&self) {
        self.0.buffers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Part {
    /// Takes as much of `bytes` as fits, and returns the rest.
    pub fn fill(&mut self, bytes: &mut Bytes) {
        let room = self.pool.part_size - self.bytes.len();
        let taken = bytes.split_to(room.min(bytes.len()));
        // Growing by doubling could pass the part's size, and the bound with it.
        if self.bytes.capacity() - self.bytes.len() < taken.len() {
            self.bytes.reserve_exact(room);
        }
        self.bytes.extend_from_slice(&taken);
    }

    /// Whether nothing more fits.
    pub fn is_full(&self) -> bool {
        self.bytes.len() == self.pool.part_size
    }

    /// The content as one piece, which gives the memory back when its last clone is dropped.
    pub fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.pool.in_flight.dec();
        if self.bytes.capacity() == self.pool.part_size {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.clear();
            self.pool.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn parts_fill_to_their_size_and_leave_the_rest() {
        let pool = PartPool::new(4, 1, Gauge::default());
        let mut part = pool.take(None).await;
        let mut bytes = Bytes::from_static(b"abcdef");
        part.fill(&mut bytes);
        assert!(part.is_full());
        assert_eq!((part.as_ref(), &bytes[..]), (&b"abcd"[..], &b"ef"[..]));
        assert_eq!(part.into_bytes(), "abcd");
    }

    #[tokio::test]
    async fn the_bound_holds_until_the_last_clone_is_gone() {
        let in_flight = Gauge::default();
        let pool = PartPool::new(4, 2, in_flight.clone());
        let first = pool.take(None).await.into_bytes();
        let clone = first.clone();
        let _second = pool.take(None).await;
        drop(first);
        assert!(pool.take(None).now_or_never().is_none(), "a clone still holds the memory");
        assert_eq!(in_flight.get(), 2);
        drop(clone);
        assert!(pool.take(None).now_or_never().is_some());
        assert_eq!(in_flight.get(), 1);
    }

    #[tokio::test]
    async fn memory_is_used_again_and_never_grows_past_a_part() {
        let pool = PartPool::new(1024, 1, Gauge::default());
        let mut part = pool.take(Some(10)).await;
        assert!(part.bytes.capacity() < 1024);
        // The source sends more than it said.
        part.fill(&mut Bytes::from(vec![1; 600]));
        part.fill(&mut Bytes::from(vec![2; 600]));
        assert_eq!((part.bytes.len(), part.bytes.capacity()), (1024, 1024));
        let place = part.bytes.as_ptr();
        drop(part.into_bytes());
        let part = pool.take(Some(10)).await;
        assert_eq!((part.bytes.as_ptr(), part.bytes.len()), (place, 0));
        drop(part);
        pool.trim();
        assert!(pool.0.buffers.lock().expect("sound").is_empty());
    }
}
