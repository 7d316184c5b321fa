//! The contract: each part is a function that gets an empty bucket of its own.

mod keys;
mod listing;
mod objects;
mod reads;
mod refusals;
mod uploads;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bucket::{Bucket, BucketSettings, ByteRange, Conditions, ETag, Key, PutOptions, StoreError};
use bytes::Bytes;

use crate::differences::Differences;
use crate::store::{Store, open};

/// A contract under way.
pub type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Names the contracts of a module, in the order they are written in.
macro_rules! contracts {
    ($($module:ident: $($name:ident)*;)*) => {
        /// Every contract, by name.
        pub const CONTRACTS: &[(&str, fn(Case) -> Held)] = &[
            $($((concat!(stringify!($module), "::", stringify!($name)), |case| Box::pin($module::$name(case))),)*)*
        ];
    };
}

contracts! {
    objects: roundtrip overwritten empty large metadata encodings conditional_puts deleted deleted_together;
    reads: ranges ranges_outside conditions times pinned_ranges;
    keys: odd_keys prefix;
    listing: pages folders below_an_object;
    uploads: in_parts with_metadata aborted unknown small_parts pending conditional;
    refusals: missing denied buckets unsigned_bodies;
}

/// A store and an empty bucket in it.
pub struct Case {
    /// The store.
    pub store: Arc<Store>,
    /// The bucket.
    pub bucket: Bucket,
}

impl Case {
    /// A bucket for the contract of this name.
    pub(crate) async fn new(store: Arc<Store>, contract: &str) -> Self {
        let name = contract.replace("::", "-").replace('_', "-");
        let bucket = open(store.settings(&name)).await;
        bucket.create_bucket().await.expect("a bucket for the contract");
        Self { store, bucket }
    }

    fn differs(&self) -> Differences {
        self.store.differences
    }

    /// The same bucket, reached otherwise.
    async fn again(&self, change: impl FnOnce(BucketSettings) -> BucketSettings) -> Bucket {
        open(change(self.store.settings(self.bucket.name().as_str()))).await
    }

    async fn put(&self, name: &str, body: impl Into<Bytes>) -> ETag {
        let put = self.bucket.put(&key(name), body.into(), &PutOptions::default()).await;
        put.unwrap_or_else(|error| panic!("put {name:?}: {error}"))
    }

    async fn read(&self, name: &str) -> Result<Bytes, StoreError> {
        self.read_range(name, None).await
    }

    async fn read_range(&self, name: &str, range: Option<ByteRange>) -> Result<Bytes, StoreError> {
        let object = self.bucket.get(&key(name), range, &Conditions::none()).await?;
        object.body.collect(u64::MAX).await
    }
}

fn key(name: &str) -> Key {
    Key::parse(name).unwrap_or_else(|error| panic!("{error}"))
}

/// Bytes that differ from place to place, so that a piece of another place is seen.
fn bytes(length: usize, seed: u32) -> Bytes {
    let word = |index: u32| index.wrapping_add(seed).wrapping_mul(2_654_435_761).to_le_bytes();
    let words = u32::try_from(length / 4 + 1).expect("less than 16 GiB");
    let mut all: Vec<u8> = (0..words).flat_map(word).collect();
    all.truncate(length);
    Bytes::from(all)
}

/// The variant of an error or "Ok", to be held against a table.
fn outcome<T>(result: &Result<T, StoreError>) -> String {
    match result {
        Ok(_) => "Ok".to_owned(),
        Err(error) => format!("{error:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
    }
}
