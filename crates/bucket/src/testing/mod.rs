//! A store that fails as told, at the wire, for the tests of the services.
//!
//! [`FaultyS3`] is a proxy on a free port of 127.0.0.1 before any S3 store, most often an
//! [`EmbeddedS3`](crate::embedded::EmbeddedS3). Requests pass unchanged until a [`Rule`] says what goes wrong.
//! Every request that reaches it is counted, so that "one request to the store" can be asserted.
//!
//! ```
//! use bucket::embedded::EmbeddedS3;
//! use bucket::testing::{Fault, FaultyS3, Rule};
//! use bucket::{Bucket, BucketSettings, Conditions, Key, Operation, Retries, StoreError, StoreMetrics};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let folder = tempfile::tempdir()?;
//! let store = EmbeddedS3::start(folder.path()).await?;
//! let faulty = FaultyS3::before(&store.endpoint).await?;
//! let settings = BucketSettings { retries: Retries::NONE, ..faulty.settings(store.settings("site")) };
//! let bucket = Bucket::open(settings, StoreMetrics::default()).await?;
//! bucket.create_bucket().await?;
//!
//! // The second read of one key is told to slow down; everything else passes.
//! faulty.fail(Rule::on(Operation::Get).key("a.txt").after(1).times(1), Fault::slow_down(Some(7)));
//!
//! let key = Key::parse("a.txt")?;
//! let first = bucket.get(&key, None, &Conditions::none()).await;
//! let second = bucket.get(&key, None, &Conditions::none()).await;
//! assert!(matches!(first, Err(StoreError::NotFound { .. })));
//! assert!(matches!(second, Err(StoreError::Throttled { retry_after: Some(_), .. })));
//! assert_eq!(faulty.count(Operation::Get), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod fault;
mod proxy;
mod wire;

pub use fault::{Fault, Rule};
pub use proxy::{FaultyS3, Seen};
