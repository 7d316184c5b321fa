//! One batch, from the queue to everybody's answer.
//!
//! 1. It is written. Where the store finds it too large it is halved, as often as it takes; one document that is too
//!    large alone is refused.
//! 2. What is stored is told at once. What is refused for good is buried first, so that a refusal is never a loss.
//! 3. What may be taken later, and the rest of a batch that failed as a whole, goes back to the dispatcher.

use std::sync::Arc;

use futures::StreamExt as _;
use tokio::time::Instant;

use super::metrics::{ReasonLabel, VerdictKind, VerdictLabel};
use super::pace::Flown;
use super::{BatchMetrics, Entry, Outcome, Patience};
use crate::dead::Dead;
use crate::review::Document;
use crate::store::{ReviewStore, Verdict, WriteError};

/// So many dead letters of a batch are written at once.
const BURIALS: usize = 16;
/// Why a document that is alone in its batch is refused where the store says that the batch is too large.
const TOO_LARGE: &str = "the store finds it too large";

/// What batches are written with.
pub(super) struct Writer {
    pub store: Arc<dyn ReviewStore>,
    pub dead: Arc<Dead>,
    pub metrics: BatchMetrics,
}

/// A batch that has come back. Whoever waited for a document in `ended` knows already.
pub(super) struct Landed {
    pub flown: Flown,
    /// These are done with; whether they are stored.
    pub ended: Vec<(Arc<Document>, bool)>,
    /// These found a queue full, or the store put them off for another reason.
    pub busy: Vec<(Entry, String)>,
    pub again: Vec<(Entry, String)>,
    /// Why the batch, or the rest of it, failed as a whole; and that rest.
    pub failed: Option<(WriteError, Vec<Entry>)>,
    /// The bytes of the smallest batch of several documents that was too large.
    pub too_large: Option<usize>,
}

impl Writer {
    pub async fn write(self: Arc<Self>, entries: Vec<Entry>) -> Landed {
        let (started, bytes) = (Instant::now(), size(&entries));
        self.metrics.batch_documents.observe(float(entries.len()));
        self.metrics.batch_bytes.observe(float(bytes));
        let mut landed = Landed {
            flown: Flown { started, took: started.elapsed(), bytes },
            ended: Vec::with_capacity(entries.len()),
            busy: Vec::new(),
            again: Vec::new(),
            failed: None,
            too_large: None,
        };
        self.write_halving(entries, &mut landed).await;
        landed.flown.took = started.elapsed();
        self.metrics.batch_duration_seconds.observe(landed.flown.took.as_secs_f64());
        landed
    }

    async fn write_halving(&self, entries: Vec<Entry>, landed: &mut Landed) {
        let mut parts = vec![entries];
        while let Some(mut part) = parts.pop() {
            let documents: Vec<_> = part.iter().map(|entry| Arc::clone(&entry.document)).collect();
            let error = match self.store.write(&documents).await {
                Ok(verdicts) if verdicts.len() == part.len() => {
                    self.settle(part, verdicts, landed).await;
                    continue;
                }
                Ok(verdicts) => WriteError::Away(format!(
                    "it gave {} verdicts for {} documents",
                    verdicts.len(),
                    documents.len()
                )),
                Err(WriteError::TooLarge) if part.len() == 1 => {
                    let verdicts = vec![Verdict::Refused(TOO_LARGE.to_owned())];
                    self.settle(part, verdicts, landed).await;
                    continue;
                }
                Err(WriteError::TooLarge) => {
                    let bytes = size(&part);
                    landed.too_large = Some(landed.too_large.map_or(bytes, |least| least.min(bytes)));
                    self.metrics.batch_halvings.inc();
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                    continue;
                }
                Err(error) => error,
            };
            part.extend(parts.drain(..).rev().flatten());
            landed.failed = Some((error, part));
        }
    }

    async fn settle(&self, entries: Vec<Entry>, verdicts: Vec<Verdict>, landed: &mut Landed) {
        let (mut created, mut duplicate, mut later, mut refused) = (0, 0, 0, Vec::new());
        for (entry, verdict) in entries.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Created => {
                    created += 1;
                    landed.ended.push((Arc::clone(&entry.document), true));
                    entry.resolve(Outcome::Created);
                }
                Verdict::Duplicate => {
                    duplicate += 1;
                    landed.ended.push((Arc::clone(&entry.document), true));
                    entry.resolve(Outcome::Duplicate);
                }
                Verdict::Refused(reason) => refused.push((entry, reason)),
                Verdict::Busy(reason) => {
                    later += 1;
                    landed.busy.push((entry, reason));
                }
                Verdict::Again(reason) => {
                    later += 1;
                    landed.again.push((entry, reason));
                }
            }
        }
        self.count(VerdictKind::created, created);
        self.count(VerdictKind::duplicate, duplicate);
        self.count(VerdictKind::refused, refused.len());
        self.count(VerdictKind::again, later);
        self.bury(refused, landed).await;
    }

    async fn bury(&self, refused: Vec<(Entry, String)>, landed: &mut Landed) {
        if refused.is_empty() {
            return;
        }
        let burials = futures::stream::iter(refused).map(|(entry, reason)| async {
            let buried = self.dead.bury(&entry.document, &reason).await;
            (entry, reason, buried)
        });
        let mut burials = burials.buffer_unordered(BURIALS);
        while let Some((entry, reason, buried)) = burials.next().await {
            let document = Arc::clone(&entry.document);
            match (buried, entry.patience) {
                (Ok(()), _) => {
                    entry.resolve(Outcome::Rejected(reason));
                    landed.ended.push((document, false));
                }
                (Err(error), patience) => {
                    tracing::error!(id = %document.review.id, %error, "a dead letter could not be written");
                    self.metrics.batch_retries.get_or_create(&ReasonLabel::BURIAL).inc();
                    if patience == Patience::Forever {
                        landed.again.push((entry, reason));
                    } else {
                        entry.resolve(Outcome::Retry(
                            "the store refused it, and it could not be kept".to_owned(),
                        ));
                        landed.ended.push((document, false));
                    }
                }
            }
        }
    }

    fn count(&self, verdict: VerdictKind, documents: usize) {
        if documents > 0 {
            let label = VerdictLabel { verdict };
            self.metrics.store_documents.get_or_create(&label).inc_by(documents as u64);
        }
    }
}

fn size(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.room.bytes()).sum()
}

#[expect(clippy::cast_precision_loss, reason = "for a histogram, and far below 2^52")]
fn float(number: usize) -> f64 {
    number as f64
}
