//! Encodes and decodes whole objects, and says which are worth it.
//!
//! 1. [`Compressor::may_encode`]: text and the like, long enough to gain by it, not compressed already.
//! 2. [`Compressor::makes`]: of those, what is short enough to be encoded here; for longer ones there are siblings.
//! 3. [`Compressor::encode`] and [`Compressor::decode`] run on threads of their own, as many at a time as there are
//!    cores: the answers of everybody else go on meanwhile.
//! 4. What is decoded has a limit: a few kilobytes can hold gigabytes.

mod codec;
mod types;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::cache::Representation;
use crate::http::accept_encoding::Coding;
use crate::settings::CompressionSettings;

/// Encodes and decodes. Cheap to clone.
#[derive(Clone)]
pub struct Compressor {
    settings: Arc<CompressionSettings>,
    cores: Arc<Semaphore>,
}

impl Compressor {
    /// With as many threads as cores.
    pub fn new(settings: CompressionSettings) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { settings: Arc::new(settings), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// Whether an object has encoded forms at all, as siblings or made here.
    pub fn may_encode(&self, key: &str, content_type: Option<&str>, length: u64) -> bool {
        let settings = &self.settings;
        (settings.siblings || !settings.codings.is_empty())
            && length >= settings.min
            && !types::is_compressed(key)
            && types::is_compressible(key, content_type, &settings.types)
    }

    /// Whether the bucket is asked for siblings.
    pub fn looks_for_siblings(&self) -> bool {
        self.settings.siblings
    }

    /// Whether `coding` is made of this object here.
    pub fn makes(&self, coding: Coding, object: &Representation) -> bool {
        self.settings.codings.contains(&coding) && object.length <= self.settings.max && object.in_memory()
    }

    /// The bytes in `coding`; None where that failed, which is logged.
    pub async fn encode(&self, coding: Coding, bytes: Bytes) -> Option<Vec<u8>> {
        self.run(coding, move || codec::encode(coding, &bytes)).await
    }

    /// The bytes out of `coding`; None where they are not in it, or would be more than `limit`.
    pub async fn decode(&self, coding: Coding, bytes: Bytes, limit: u64) -> Option<Vec<u8>> {
        self.run(coding, move || codec::decode(coding, &bytes, limit)).await
    }

    async fn run(
        &self,
        coding: Coding,
        work: impl FnOnce() -> std::io::Result<Vec<u8>> + Send + 'static,
    ) -> Option<Vec<u8>> {
        let _core = self.cores.acquire().await.ok()?;
        let done = tokio::task::spawn_blocking(work).await.ok()?;
        done.inspect_err(
            |error| tracing::warn!(coding = coding.name(), %error, "an object could not be recoded"),
        )
        .ok()
    }
}
