//! The S3 client of file-server and content-fetcher: one bucket of any S3 store, seen as HTTP should be served from it.
//!
//! A request goes through these, in this order:
//!
//! 1. [`BucketSettings`]: what the service was told of its store; [`Bucket::open`] checks it and makes the clients.
//! 2. [`Key`]: a name that a store can have; the bucket's [`Prefix`] goes before it.
//! 3. [`Bucket`]: [`get`](Bucket::get), [`head`](Bucket::head), [`list`](Bucket::list), [`put`](Bucket::put),
//!    [`create_upload`](Bucket::create_upload) and the rest, each limited in time and counted in [`StoreMetrics`].
//! 4. [`ObjectBody`]: an object's bytes as they come, held against the length that was announced.
//! 5. [`StoreError`]: what went wrong, by what the caller should do.
//!
//! ```no_run
//! use bucket::{Bucket, BucketName, BucketSettings, Conditions, Key, StoreError, StoreMetrics};
//! use futures::StreamExt;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = BucketSettings::new(Some("http://127.0.0.1:9000".parse()?), BucketName::parse("site")?);
//! let bucket = Bucket::open(settings, StoreMetrics::default()).await?;
//! match bucket.get(&Key::parse("index.html")?, None, &Conditions::none()).await {
//!     Ok(mut object) => {
//!         while let Some(bytes) = object.body.next().await {
//!             println!("{} bytes of {}", bytes?.len(), object.meta.etag);
//!         }
//!     }
//!     Err(StoreError::NotFound { .. }) => println!("no such page"),
//!     Err(error) if error.is_transient() => println!("later: {error}"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Feature `embedded`: an S3 store inside the process. Feature `testing`: also a proxy before it that fails as told.

mod body;
mod bucket;
mod classify;
mod client;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod list;
mod metrics;
mod multipart;
mod names;
mod object;
mod read;
mod settings;
#[cfg(feature = "testing")]
pub mod testing;
mod write;

pub use body::ObjectBody;
pub use bucket::Bucket;
pub use error::{OpenError, StoreError};
pub use metrics::{
    Direction, DirectionLabel, Operation, OperationLabel, Outcome, RequestLabels, StoreMetrics,
};
pub use multipart::{PART_BYTES, PARTS};
pub use names::{BucketName, KEY_BYTES, Key, NameError, Prefix};
pub use object::{
    ByteRange, Conditions, ContentRange, ETag, ListRequest, Listed, Listing, NotDeleted, ObjectMeta, Part,
    PendingUpload, PutCondition, PutOptions, Upload,
};
pub use read::Object;
pub use settings::{BucketSettings, Credentials, PayloadSigning, Retries, Timeouts};
