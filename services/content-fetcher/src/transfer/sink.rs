//! Where content goes while it comes: hashed, cut into parts, sent.

use bytes::Bytes;

use super::Fetcher;
use crate::error::{FetchError, SourceError};
use crate::item::Item;
use crate::part::Part;
use crate::plan::{Known, options};
use crate::progress::ItemProgress;
use crate::range::EntityTag;
use crate::source::Content;
use crate::upload::Upload;
use crate::verify::{Expected, Hasher, Verified};

/// One item's content, as far as it has come.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    fetcher: &'a Fetcher,
    item: &'a Item,
    /// Tells this transfer's object from any other, should the store's answer be lost.
    mark: String,
    hasher: Hasher,
    part: Option<Part>,
    upload: Upload,
    known: Known,
    expected: Expected,
    progress: ItemProgress,
}

impl<'a> Sink<'a> {
    pub fn new(fetcher: &'a Fetcher, item: &'a Item) -> Self {
        Self {
            fetcher,
            item,
            mark: format!("{:032x}", rand::random::<u128>()),
            hasher: Hasher::default(),
            part: None,
            upload: Upload::new(fetcher.store.clone(), item.key.clone()),
            known: Known::default(),
            expected: Expected::default(),
            progress: fetcher.progress.item(&item.key),
        }
    }

    /// How many bytes of the content are here.
    pub fn received(&self) -> u64 {
        self.hasher.length()
    }

    /// From where, of which content and of what length the source may go on; only a strong tag says that the rest
    /// fits to what is here.
    pub fn resume_point(&self) -> Option<(u64, EntityTag, Option<u64>)> {
        let tag = self.known.tag.as_ref().filter(|tag| tag.is_strong() && self.received() > 0)?;
        Some((self.received(), tag.clone(), self.expected.length))
    }

    /// Begins anew with what `content` announces; what was there is dropped.
    pub async fn begin(&mut self, content: &Content) -> Result<(), FetchError> {
        self.discard().await;
        self.progress.begin(content.length);
        let digest = self.item.sha256;
        self.expected = Expected { length: content.length, digest, framed: content.framed };
        self.known = Known {
            digest,
            tag: content.tag.clone(),
            content_type: content.content_type.clone(),
            content_encoding: content.content_encoding.clone(),
        };
        // What cannot be verified at its end need not be loaded, nor what will be too large.
        if content.length.is_none() && digest.is_none() && !content.framed {
            return Err(crate::verify::VerificationError::Unverifiable.into());
        }
        self.check_size(content.length.unwrap_or(0))
    }

    /// Takes the next bytes in. Waits while all parts are on their way.
    pub async fn take(&mut self, mut bytes: Bytes) -> Result<(), FetchError> {
        self.check_size(self.received() + bytes.len() as u64)?;
        self.hasher.update(&bytes);
        self.progress.add(bytes.len() as u64);
        self.fetcher.metrics.source_bytes.inc_by(bytes.len() as u64);
        while !bytes.is_empty() {
            // A full part goes out only when more comes: the last one must wait for the verdict.
            if let Some(full) = self.part.take_if(|part| part.is_full()) {
                let (item, known, mark) = (self.item, &self.known, &self.mark);
                self.upload.part(full.into_bytes(), || options(item, known, mark)).await?;
            }
            let part = match &mut self.part {
                Some(part) => part,
                None => self.part.insert(self.fetcher.pool.take(self.expected.length).await),
            };
            part.fill(&mut bytes);
        }
        Ok(())
    }

    /// Verifies the whole and makes the object.
    pub async fn finish(&mut self) -> Result<Verified, FetchError> {
        let verified = std::mem::take(&mut self.hasher).finish(&self.expected)?;
        self.known.digest = Some(verified.digest);
        let last = self.part.take().map(Part::into_bytes);
        if self.upload.is_open() {
            self.upload.complete(last).await?;
        } else {
            let options = options(self.item, &self.known, &self.mark);
            self.upload.put(last.unwrap_or_default(), &options).await?;
        }
        self.progress.finish();
        Ok(verified)
    }

    /// Drops what has come and what was sent.
    pub async fn discard(&mut self) {
        self.part = None;
        self.hasher = Hasher::default();
        self.known = Known::default();
        self.progress.begin(None);
        self.upload.discard().await;
    }

    fn check_size(&self, length: u64) -> Result<(), FetchError> {
        let most_parts = (self.fetcher.pool.part_size() as u64).saturating_mul(u64::from(bucket::PARTS));
        let bounds = [(self.fetcher.limits.size, "MAX_SIZE"), (most_parts, "PART_SIZE × 10,000 parts")];
        match bounds.into_iter().find(|(limit, _)| length > *limit) {
            Some((limit, setting)) => Err(SourceError::TooLarge { limit, setting }.into()),
            None => Ok(()),
        }
    }
}
