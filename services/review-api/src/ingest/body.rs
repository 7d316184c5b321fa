//! The bytes of a request's body, decoded, a piece at a time.
//!
//! 1. What is not encoded passes as it came.
//! 2. gzip is decoded in small steps: deflate makes at most some thousand bytes of one, so that a step's memory is
//!    bounded whatever the body is. A body that breaks off, or goes on after its end, is broken.

use std::io::Write as _;
use std::mem;

use axum::body::Body;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt as _;

use super::request::Coding;

/// So many encoded bytes are decoded at a time: some 1 MiB at the most (deflate's limit is 1032 : 1).
const STEP: usize = 1024;

/// Why a body cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// It stopped coming: its client went away, or paused too long.
    #[error("the body broke off: {0}")]
    Connection(#[from] axum::Error),
    /// It is not what its Content-Encoding says.
    #[error("the body is not sound gzip: {0}")]
    Gzip(std::io::Error),
    /// It is longer than it may be.
    #[error("the body may be {0} bytes long")]
    TooLong(usize),
}

/// A body that is being read.
pub(super) struct Pieces {
    body: Body,
    gzip: Option<Box<Gunzip>>,
}

struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What came and is not decoded yet.
    rest: Bytes,
    begun: bool,
    ended: bool,
}

impl Pieces {
    pub fn new(body: Body, coding: Coding) -> Self {
        let gunzip = || {
            Box::new(Gunzip {
                decoder: MultiGzDecoder::new(Vec::new()),
                rest: Bytes::new(),
                begun: false,
                ended: false,
            })
        };
        Self { body, gzip: (coding == Coding::Gzip).then(gunzip) }
    }

    /// The next piece, if there is one. It may be empty. Nothing is lost when it is no longer waited for.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        let Some(gzip) = &mut self.gzip else { return Ok(chunk(&mut self.body).await?) };
        if gzip.rest.is_empty() && !gzip.ended {
            match chunk(&mut self.body).await? {
                Some(chunk) => gzip.rest = chunk,
                None => return gzip.finish().map(Some).map_err(BodyError::Gzip),
            }
        }
        if gzip.ended { Ok(None) } else { gzip.step().map(Some).map_err(BodyError::Gzip) }
    }

    /// What has not been read.
    pub fn into_rest(self) -> Body {
        self.body
    }

    /// All of it, where that is at most `max` bytes.
    pub async fn whole(&mut self, max: usize) -> Result<Bytes, BodyError> {
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        if first.len() > max {
            return Err(BodyError::TooLong(max)); // it would be kept while the next piece is waited for
        }
        let Some(mut piece) = self.next().await? else { return Ok(first) };
        let mut whole = first.to_vec();
        loop {
            if whole.len() + piece.len() > max {
                return Err(BodyError::TooLong(max));
            }
            whole.extend_from_slice(&piece);
            match self.next().await? {
                Some(next) => piece = next,
                None => return Ok(whole.into()),
            }
        }
    }
}

/// The next bytes of a body; trailers are passed over.
async fn chunk(body: &mut Body) -> Result<Option<Bytes>, axum::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

impl Gunzip {
    fn step(&mut self) -> std::io::Result<Bytes> {
        let step = self.rest.split_to(self.rest.len().min(STEP));
        self.begun |= !step.is_empty();
        self.decoder.write_all(&step)?;
        Ok(mem::take(self.decoder.get_mut()).into())
    }

    /// What the decoder still holds. A body without a byte holds nothing, and that is sound.
    fn finish(&mut self) -> std::io::Result<Bytes> {
        self.ended = true;
        if self.begun {
            self.decoder.try_finish()?;
        }
        Ok(mem::take(self.decoder.get_mut()).into())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("into memory");
        encoder.finish().expect("into memory")
    }

    /// A body that comes in chunks of so many bytes.
    fn chunked(bytes: &[u8], size: usize) -> Body {
        let chunks: Vec<_> = bytes.chunks(size).map(|chunk| Ok::<_, axum::Error>(chunk.to_vec())).collect();
        Body::from_stream(futures::stream::iter(chunks))
    }

    #[tokio::test]
    async fn gzip_is_decoded_however_it_is_cut_and_in_any_number_of_members() {
        let text = "A line of text.\n".repeat(1_000).into_bytes();
        let members = [gzipped(&text), gzipped(b""), gzipped(&text)].concat();
        for size in [1, 7, 1_000_000] {
            let whole = Pieces::new(chunked(&members, size), Coding::Gzip).whole(1 << 20).await;
            assert_eq!(whole.expect("sound"), [&text[..], &text[..]].concat(), "chunks of {size}");
        }
        let nothing = Pieces::new(Body::empty(), Coding::Gzip).whole(1).await.expect("sound");
        assert!(nothing.is_empty());
    }

    #[tokio::test]
    async fn a_bomb_is_met_in_small_pieces_and_stopped_at_the_bound() {
        let bomb = gzipped(&vec![0; 64 << 20]);
        let mut pieces = Pieces::new(chunked(&bomb, bomb.len()), Coding::Gzip);
        let mut sum = 0;
        while let Some(piece) = pieces.next().await.expect("sound") {
            assert!(piece.len() < 2 << 20, "{} bytes in one piece", piece.len());
            sum += piece.len();
        }
        assert_eq!(sum, 64 << 20);
        let whole = Pieces::new(chunked(&bomb, bomb.len()), Coding::Gzip).whole(1_000).await;
        assert!(matches!(whole, Err(BodyError::TooLong(1_000))));
    }

    #[tokio::test]
    async fn what_is_broken_is_said_to_be() {
        let sound = gzipped(b"A line of text.\n");
        let mut wrong = sound.clone();
        *wrong.last_mut().expect("a length") ^= 1;
        for broken in
            [&sound[..sound.len() - 1], &sound[..5], b"plain text", &wrong, &[&sound[..], b"x"].concat()]
        {
            let whole = Pieces::new(chunked(broken, 3), Coding::Gzip).whole(1_000).await;
            assert!(matches!(whole, Err(BodyError::Gzip(_))), "{broken:?}");
        }
    }

    #[tokio::test]
    async fn a_bound_is_of_the_whole() {
        for (length, size) in [(10, 10), (10, 3)] {
            let body = || chunked(&vec![b'x'; length], size);
            assert!(Pieces::new(body(), Coding::Identity).whole(length).await.is_ok());
            let whole = Pieces::new(body(), Coding::Identity).whole(length - 1).await;
            assert!(matches!(whole, Err(BodyError::TooLong(9))));
        }
    }
}
