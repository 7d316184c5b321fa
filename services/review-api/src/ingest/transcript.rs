//! The answer to a bulk request, while the request is still coming.
//!
//! 1. Verdicts are written as JSON, one after the other, and counted.
//! 2. The first [`IN_MEMORY`] bytes stay in memory; what is beyond goes to a file without a name, which is gone with
//!    this process whatever happens. So a client that writes all before it reads anything is never waited for, and
//!    memory stays flat.
//! 3. The counts close the answer, and its length is known before its first byte goes out.

use std::io;
use std::path::PathBuf;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::io::ReaderStream;

use super::{Item, Status};

/// So much of an answer is kept in memory.
const IN_MEMORY: usize = 1 << 20;
/// So much of a file is read at a time.
const READ: usize = 64 * 1024;

/// An answer that is being written.
pub(super) struct Transcript {
    memory: Vec<u8>,
    file: Option<File>,
    in_file: u64,
    folder: Option<PathBuf>,
    counts: [u64; Status::ALL.len()],
}

impl Transcript {
    /// An answer without items. A long one goes to `folder`.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            memory: b"{\"items\":[".to_vec(),
            file: None,
            in_file: 0,
            folder,
            counts: [0; Status::ALL.len()],
        }
    }

    /// Adds the next line's verdict.
    pub async fn push(&mut self, item: &Item) -> io::Result<()> {
        if self.counts != [0; Status::ALL.len()] {
            self.memory.push(b',');
        }
        self.counts[item.status as usize] += 1;
        serde_json::to_writer(&mut self.memory, item)?;
        if self.memory.len() < IN_MEMORY { Ok(()) } else { self.spill().await }
    }

    /// How many have which status, in the order of [`Status::ALL`].
    pub fn counts(&self) -> impl Iterator<Item = (Status, u64)> + '_ {
        Status::ALL.into_iter().zip(self.counts)
    }

    /// The whole answer.
    pub async fn finish(mut self) -> io::Result<Response> {
        self.memory.push(b']');
        for (status, count) in Status::ALL.into_iter().zip(self.counts) {
            self.memory.extend_from_slice(format!(",\"{}\":{count}", status.name()).as_bytes());
        }
        self.memory.push(b'}');
        let length = self.in_file + self.memory.len() as u64;
        let body = if self.file.is_some() {
            self.spill().await?;
            let Some(mut file) = self.file else { return Err(io::ErrorKind::NotFound.into()) };
            file.rewind().await?;
            Body::from_stream(ReaderStream::with_capacity(file, READ))
        } else {
            Body::from(self.memory)
        };
        let headers = [(header::CONTENT_TYPE, "application/json")];
        Ok((headers, [(header::CONTENT_LENGTH, length)], body).into_response())
    }

    async fn spill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let folder = self.folder.clone();
            let made = tokio::task::spawn_blocking(move || match folder {
                Some(folder) => tempfile::tempfile_in(folder),
                None => tempfile::tempfile(),
            });
            self.file = Some(File::from_std(made.await.map_err(io::Error::other)??));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(&self.memory).await?;
        // Nobody else would hear of an error of the last write.
        file.flush().await?;
        self.in_file += self.memory.len() as u64;
        self.memory.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::BulkAnswer;
    use crate::review::{Fault, ReviewId};

    async fn transcript(items: usize) -> (usize, BulkAnswer) {
        let mut transcript = Transcript::new(None);
        for index in 0..items {
            let id = ReviewId::parse(&format!("r-{index}")).expect("an id");
            let errors = vec![Fault { field: "text".to_owned(), reason: "is \"odd\"".to_owned() }];
            let status = Status::ALL[index % Status::ALL.len()];
            transcript.push(&Item { id: Some(id), status, errors }).await.expect("kept");
        }
        let spilled = transcript.file.is_some();
        let response = transcript.finish().await.expect("whole");
        let announced = response.headers()[header::CONTENT_LENGTH].to_str().expect("a number").to_owned();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("read");
        assert_eq!(announced, bytes.len().to_string());
        assert_eq!(spilled, bytes.len() > IN_MEMORY + 200);
        (bytes.len(), serde_json::from_slice(&bytes).expect("JSON"))
    }

    #[tokio::test]
    async fn short_and_long_answers_are_whole() {
        for items in [0, 1, 7, 50_000] {
            let (_, answer) = transcript(items).await;
            assert_eq!(answer.items.len(), items);
            for (index, item) in answer.items.iter().enumerate() {
                assert_eq!(item.id.as_ref().map(ReviewId::as_str), Some(&*format!("r-{index}")));
                assert_eq!(item.status, Status::ALL[index % Status::ALL.len()]);
            }
            let counts = [answer.created, answer.duplicate, answer.accepted, answer.rejected, answer.retry];
            assert_eq!(counts.iter().sum::<u64>(), items as u64);
            assert!(counts.is_sorted_by(|first, next| first >= next && first - next <= 1), "{counts:?}");
        }
    }
}
