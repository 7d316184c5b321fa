//! An object on its way into the bucket, which readers see only when it is whole and right.
//!
//! 1. Content of one part or less is written at once, when its end is known and verified ([`Upload::put`]).
//! 2. The first part that is known not to be the last begins a multipart upload; parts go out side by side, as many as
//!    the pool has.
//! 3. [`Upload::complete`] sends the last part, waits for all, and completes.
//! 4. [`Upload::discard`] stops what is being sent, then aborts. It knows of an upload whose creation was interrupted,
//!    because creating runs in a task of its own.

use bucket::{ETag, Part, PutOptions, StoreError};
use bytes::Bytes;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::item::ObjectKey;
use crate::store::{MARK, Store};

/// The parts of one object that have gone out so far.
#[derive(Debug)]
pub struct Upload {
    store: Store,
    key: ObjectKey,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing has gone out.
    Fresh,
    /// The store is being asked for an upload.
    Creating(JoinHandle<Result<bucket::Upload, StoreError>>),
    /// Parts are going out.
    Open(Open),
}

#[derive(Debug)]
struct Open {
    upload: bucket::Upload,
    mark: String,
    sending: JoinSet<Result<Part, StoreError>>,
    sent: Vec<Part>,
    next: u16,
}

impl Upload {
    /// An upload of which nothing has gone out.
    pub fn new(store: Store, key: ObjectKey) -> Self {
        Self { store, key, state: State::Fresh }
    }

    /// Whether a part has gone out, so that only [`complete`](Self::complete) can make the object.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Sends a part that is not the last. Returns when it is on its way; an earlier part's failure is told here.
    pub async fn part(
        &mut self,
        bytes: Bytes,
        options: impl FnOnce() -> PutOptions,
    ) -> Result<(), StoreError> {
        if !self.is_open() {
            self.create(options()).await?;
        }
        if let State::Open(open) = &mut self.state {
            open.send(&self.store, bytes)?;
            while let Some(sent) = open.sending.try_join_next() {
                open.sent.push(joined(sent)?);
            }
        }
        Ok(())
    }

    async fn create(&mut self, options: PutOptions) -> Result<(), StoreError> {
        let mark = options.metadata.get(MARK).cloned().unwrap_or_default();
        let (store, key) = (self.store.clone(), self.key.clone());
        let creating = tokio::spawn(async move { store.create_upload(&key, &options).await });
        // Put away before it is waited for: a caller that stops waiting can still discard what comes of it.
        self.state = State::Creating(creating);
        let State::Creating(creating) = &mut self.state else { return Ok(()) };
        let created = creating.await;
        self.state = State::Fresh;
        let upload = joined(created)?;
        self.state = State::Open(Open { upload, mark, sending: JoinSet::new(), sent: Vec::new(), next: 1 });
        Ok(())
    }

    /// Writes content of at most one part.
    pub async fn put(&self, bytes: Bytes, options: &PutOptions) -> Result<ETag, StoreError> {
        self.store.put(&self.key, bytes, options).await
    }

    /// Sends the last part, waits for all of them and makes the object.
    pub async fn complete(&mut self, last: Option<Bytes>) -> Result<ETag, StoreError> {
        let State::Open(open) = &mut self.state else {
            return Err(StoreError::Invalid { detail: "there is no upload to complete".to_owned() });
        };
        if let Some(last) = last {
            open.send(&self.store, last)?;
        }
        while let Some(sent) = open.sending.join_next().await {
            open.sent.push(joined(sent)?);
        }
        let etag = self.store.complete(&open.upload, &open.sent, &open.mark).await?;
        self.state = State::Fresh;
        Ok(etag)
    }

    /// Drops what has gone out; nothing of it becomes visible. The upload can be used anew.
    pub async fn discard(&mut self) {
        let upload = match std::mem::replace(&mut self.state, State::Fresh) {
            State::Fresh => return,
            State::Creating(creating) => match joined(creating.await) {
                Ok(upload) => upload,
                Err(_) => return,
            },
            State::Open(mut open) => {
                // A part that arrives after the abort would stay behind in some stores.
                open.sending.shutdown().await;
                open.upload
            }
        };
        match self.store.abort(&upload).await {
            Ok(()) => tracing::info!(key = %self.key, "upload aborted"),
            Err(error) => {
                tracing::error!(key = %self.key, %error, "upload not aborted; the next start does it");
            }
        }
    }
}

impl Open {
    fn send(&mut self, store: &Store, bytes: Bytes) -> Result<(), StoreError> {
        let number = self.next;
        if number > bucket::PARTS {
            let detail =
                format!("more than {} parts: PART_SIZE is too small for this content", bucket::PARTS);
            return Err(StoreError::Invalid { detail });
        }
        self.next += 1;
        let (store, upload) = (store.clone(), self.upload.clone());
        self.sending.spawn(async move { store.upload_part(&upload, number, bytes).await });
        Ok(())
    }
}

/// A task of ours ends only with its result; a panic in it is told as a failure of the store's client.
fn joined<T>(ended: Result<Result<T, StoreError>, JoinError>) -> Result<T, StoreError> {
    ended.unwrap_or_else(|error| {
        Err(StoreError::Invalid { detail: format!("the store's client failed: {error}") })
    })
}
