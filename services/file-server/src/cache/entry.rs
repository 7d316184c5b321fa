//! What is known of one key.
//!
//! 1. An entry holds what the store said (an object, or that there is none), when it last said so, and for how long that
//!    may be relied on.
//! 2. It is never changed but for that time: another form of the object makes another entry, which takes this one's
//!    place and shares all the rest.
//! 3. [`Entry::choose`] decides which form a client gets, or what has to be done before it can be decided.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bucket::{ETag, ObjectMeta};
use bytes::Bytes;

use super::lifetime::Lifetime;
use super::representation::Representation;
use crate::compress::Compressor;
use crate::http::accept_encoding::{AcceptEncoding, Coding, StoredEncoding};
use crate::http::quality::Quality;

/// What an entry takes beside its representations: itself, its key twice, its place in the cache's tables.
const ENTRY_BYTES: usize = 640;

/// The codings other than identity, the favourite first.
pub(super) const CODINGS: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

/// What is known of one key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub known: Known,
    pub lifetime: Lifetime,
    pub times: Arc<Times>,
}

/// When the store was asked, in milliseconds of the cache's clock. Shared by an entry and those that take its place.
#[derive(Debug, Default)]
pub(super) struct Times {
    confirmed: AtomicU64,
    /// Zero, or when it last failed to answer, counted from 1.
    failed: AtomicU64,
}

/// What the store said.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// There is no such object.
    Missing,
    /// There is one.
    Object(Object),
}

/// An object and its forms.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub meta: Arc<ObjectMeta>,
    /// As it is stored.
    pub stored: Arc<Representation>,
    pub encoding: Arc<StoredEncoding>,
    /// Whether it is of a kind that has encoded forms.
    pub negotiated: bool,
    /// When siblings were last asked for.
    pub siblings_asked: Option<u64>,
    /// The other forms, by [`index`].
    pub others: [Other; 4],
}

/// A form other than the stored one.
#[derive(Clone, Debug, Default)]
pub(super) enum Other {
    /// It was never wanted.
    #[default]
    Unknown,
    /// There is none, and none is to be made.
    None,
    /// A sibling in the bucket, of this version.
    Sibling(ETag, Arc<Representation>),
    /// Made here.
    Made(Arc<Representation>),
}

/// Which form a client gets.
pub(super) enum Choice<'a> {
    Ready(&'a Arc<Representation>),
    Missing,
    NotAcceptable,
    /// Something is to be done first.
    Work(Work),
}

/// What may have to be done for a form.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Work {
    AskSiblings,
    Make(Coding),
    Decode,
}

/// A coding's place among the forms.
pub(super) const fn index(coding: Coding) -> usize {
    match coding {
        Coding::Identity => 0,
        Coding::Gzip => 1,
        Coding::Brotli => 2,
        Coding::Zstd => 3,
    }
}

impl Times {
    pub(super) fn confirm(&self, now: u64) {
        self.confirmed.store(now, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
    }

    pub(super) fn fail(&self, now: u64) {
        self.failed.store(now + 1, Ordering::Relaxed);
    }

    /// How long ago the store last failed to confirm this, if it did.
    pub(super) fn failed_since(&self, now: u64) -> Option<u64> {
        let failed = self.failed.load(Ordering::Relaxed).checked_sub(1)?;
        Some(now.saturating_sub(failed))
    }

    pub(super) fn age(&self, now: u64) -> u64 {
        now.saturating_sub(self.confirmed.load(Ordering::Relaxed))
    }
}

impl Entry {
    pub(super) fn is_fresh(&self, now: u64) -> bool {
        self.times.age(now) < self.lifetime.fresh
    }

    /// By how much its time has passed, in milliseconds, where it may be served in the store's place.
    pub(super) fn late(&self, now: u64) -> Option<u64> {
        let late = self.times.age(now).saturating_sub(self.lifetime.fresh);
        (late < self.lifetime.stale).then_some(late)
    }

    /// Lets the bodies go: the entry is out of the cache, and no other shares its forms.
    pub(super) fn release(&self) {
        if let Known::Object(object) = &self.known {
            object.stored.release();
            object.others.iter().filter_map(Other::representation).for_each(|form| form.release());
        }
    }

    /// The body as it is stored, where it is in memory.
    pub(super) fn stored_bytes(&self) -> Option<Bytes> {
        match &self.known {
            Known::Object(object) => object.stored.bytes(),
            Known::Missing => None,
        }
    }

    /// The same, with a body of its own.
    pub(super) fn holding(&self, bytes: Bytes) -> Self {
        let mut entry = self.clone();
        if let Known::Object(object) = &mut entry.known {
            object.stored = object.stored.holding(bytes);
        }
        entry
    }

    /// The version that is known.
    pub(super) fn version(&self) -> Option<&ETag> {
        match &self.known {
            Known::Object(object) => Some(&object.meta.etag),
            Known::Missing => None,
        }
    }

    /// What it takes in memory, in bytes.
    pub(super) fn weight(&self, key: &str) -> u32 {
        let forms = match &self.known {
            Known::Missing => 0,
            Known::Object(object) => object.weight(),
        };
        u32::try_from(ENTRY_BYTES + 2 * key.len() + forms).unwrap_or(u32::MAX)
    }

    /// The form for this client. With `offline`, the store is not to be asked for siblings.
    pub(super) fn choose(
        &self,
        client: AcceptEncoding<'_>,
        maker: &Compressor,
        now: u64,
        offline: bool,
    ) -> Choice<'_> {
        match &self.known {
            Known::Missing => Choice::Missing,
            Known::Object(object) => match object.encoding.known() {
                Some(Coding::Identity) => object.choose_coding(client, maker, |asked| {
                    offline || now.saturating_sub(asked) < self.lifetime.fresh
                }),
                Some(coding) => object.choose_decoding(client, coding),
                None if object.encoding.accepted_by(&client) => Choice::Ready(&object.stored),
                None => Choice::NotAcceptable,
            },
        }
    }
}

impl Object {
    fn weight(&self) -> usize {
        let others = self.others.iter().filter_map(Other::representation);
        let meta =
            self.meta.metadata.iter().map(|(name, value)| name.len() + value.len() + 64).sum::<usize>();
        let texts = [&self.meta.content_type, &self.meta.cache_control, &self.meta.content_disposition];
        let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
        size_of::<ObjectMeta>()
            + meta
            + texts
            + self.stored.weight()
            + others.map(|form| form.weight()).sum::<usize>()
    }

    /// Of an object that is stored as it is: identity, a sibling, or a form made here.
    fn choose_coding(
        &self,
        client: AcceptEncoding<'_>,
        maker: &Compressor,
        asked_lately: impl Fn(u64) -> bool,
    ) -> Choice<'_> {
        let identity = client.quality("identity");
        let stored = || if identity > 0 { Choice::Ready(&self.stored) } else { Choice::NotAcceptable };
        if !self.negotiated || (client.prefers_stored() && identity > 0) {
            return stored();
        }
        let wanted: [Quality; 3] = CODINGS.map(|coding| client.quality(coding.name()));
        if wanted.iter().all(|quality| *quality == 0 || *quality < identity) {
            return stored();
        }
        if maker.looks_for_siblings() && !self.siblings_asked.is_some_and(asked_lately) {
            return Choice::Work(Work::AskSiblings);
        }
        let mut best: Option<(Quality, bool, Coding)> = None;
        for (coding, quality) in CODINGS.into_iter().zip(wanted) {
            let sibling = match &self.others[index(coding)] {
                Other::Sibling(..) => true,
                Other::Made(_) => false,
                Other::Unknown if maker.makes(coding, &self.stored) => false,
                Other::Unknown | Other::None => continue,
            };
            let better = best.is_none_or(|(most, other, _)| (quality, sibling) > (most, other));
            if quality > 0 && quality >= identity && better {
                best = Some((quality, sibling, coding));
            }
        }
        match best {
            None => stored(),
            Some((.., coding)) => match self.others[index(coding)].representation() {
                Some(form) => Choice::Ready(form),
                None => Choice::Work(Work::Make(coding)),
            },
        }
    }

    /// Of an object that is stored encoded: as it is, or decoded for a client that wants it so.
    fn choose_decoding(&self, client: AcceptEncoding<'_>, coding: Coding) -> Choice<'_> {
        let (as_stored, decoded) = (client.quality(coding.name()), client.quality("identity"));
        if as_stored > 0 && (as_stored >= decoded || client.prefers_stored()) {
            return Choice::Ready(&self.stored);
        }
        match &self.others[index(Coding::Identity)] {
            Other::Made(form) | Other::Sibling(_, form) if decoded > 0 => Choice::Ready(form),
            Other::Unknown if decoded > 0 && self.stored.in_memory() => Choice::Work(Work::Decode),
            _ if as_stored > 0 => Choice::Ready(&self.stored),
            _ => Choice::NotAcceptable,
        }
    }
}

impl Other {
    pub(super) fn representation(&self) -> Option<&Arc<Representation>> {
        match self {
            Self::Sibling(_, form) | Self::Made(form) => Some(form),
            Self::Unknown | Self::None => None,
        }
    }
}
