//! Sends dead letters again: what refused them may have been mended.
//!
//! 1. Page by page they go through the batcher, those that were there when it began.
//! 2. What is stored now is taken out of the file. What is refused again has been buried again, with the new reason, by
//!    the time that is told: the old letter is taken out too. What has no verdict stays.
//! 3. A page with something undecided is the last one: the store is not well.
//! 4. The file is rewritten once, at the end. A crash before costs nothing: what is stored is then a duplicate.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use super::file::{Letter, Page, Snapshot};
use super::{Dead, Keeper, gauge};
use crate::batch::{Batcher, Outcome, Patience, weight};

/// Letters that are sent at once, and about how many bytes of them.
const PAGE: (usize, usize) = (1_000, 1024 * 1024);
/// How long the store gets for a page.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of the letters.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub(super) struct Replayed {
    /// Stored now, and taken out.
    pub created: u64,
    /// Found to be stored, and taken out.
    pub duplicate: u64,
    /// Refused again, and kept with the new reason.
    pub rejected: u64,
    /// Without a verdict, and kept as they were. Letters behind them were not sent.
    pub retry: u64,
}

impl Dead {
    /// Sends the letters of these ids, or all; `turn` lets nobody else do so meanwhile.
    pub(super) async fn replay(
        self: Arc<Self>,
        batcher: Batcher,
        ids: Option<HashSet<String>>,
        turn: OwnedMutexGuard<()>,
    ) -> io::Result<Replayed> {
        let Some(keeper) = &self.keeper else { return Ok(Replayed::default()) };
        let mut snapshot = keeper.snapshot().await?;
        let (ids, mut done) = (ids.map(Arc::new), HashSet::new());
        let mut replayed = Replayed::default();
        loop {
            let page;
            (snapshot, page) = next_page(snapshot, ids.clone()).await?;
            for (number, outcome) in send(&batcher, page.letters).await {
                match outcome {
                    Outcome::Created => replayed.created += 1,
                    Outcome::Duplicate => replayed.duplicate += 1,
                    Outcome::Rejected(_) => replayed.rejected += 1,
                    Outcome::Retry(_) => {
                        replayed.retry += 1;
                        continue;
                    }
                }
                done.insert(number);
            }
            if replayed.retry > 0 || !page.more {
                break;
            }
        }
        self.metrics.dead_letters_revived.inc_by(replayed.created + replayed.duplicate);
        if !done.is_empty() {
            self.take_out(keeper, done).await?;
        }
        drop(turn);
        tracing::info!(?replayed, "dead letters were sent again");
        Ok(replayed)
    }

    async fn take_out(&self, keeper: &Keeper, numbers: HashSet<u64>) -> io::Result<()> {
        let mut file = Arc::clone(&keeper.file).lock_owned().await;
        let metrics = self.metrics.clone();
        let removing = tokio::task::spawn_blocking(move || {
            let removed = file.remove(&numbers);
            gauge(&metrics, &file);
            removed.map(drop)
        });
        removing.await.map_err(io::Error::other)?
    }
}

/// Reads on a thread that may block.
async fn next_page(
    mut snapshot: Snapshot,
    ids: Option<Arc<HashSet<String>>>,
) -> io::Result<(Snapshot, Page)> {
    let wanted = move |letter: &Letter| {
        ids.as_ref().is_none_or(|ids| ids.contains(letter.document.review.id.as_str()))
    };
    let reading = tokio::task::spawn_blocking(move || {
        let page = snapshot.page(PAGE, wanted)?;
        Ok((snapshot, page))
    });
    reading.await.map_err(io::Error::other)?
}

/// Sends letters, and waits for what becomes of them: no longer than [`PATIENCE`], also where the queue is full of what the
/// spool keeps in it, or where the same review is under way already and tried for ever.
async fn send(batcher: &Batcher, letters: Vec<Letter>) -> Vec<(u64, Outcome)> {
    let end = Instant::now() + PATIENCE;
    let sending = letters.into_iter().map(|Letter { number, document, .. }| async move {
        let sent = async {
            let room = batcher.room(weight(&document)).await;
            batcher.push(room, Arc::new(document), Patience::Until(end)).await
        };
        let outcome = timeout_at(end, sent).await;
        (number, outcome.unwrap_or_else(|_| Outcome::Retry("there was no verdict in time".to_owned())))
    });
    join_all(sending).await
}
