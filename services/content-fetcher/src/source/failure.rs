//! What a failed request says of itself.
//!
//! 1. The cause is looked for along the chain of errors: a refused address and a refused certificate are final.
//! 2. What remains is a connection that may stand another time, or an answer that is no HTTP.

use std::error::Error;
use std::io;

use crate::error::SourceError;
use crate::policy::ForbiddenAddress;

/// The longest text that is passed on.
const WORDS_MAX: usize = 300;

/// Classifies a request that got no answer.
pub(super) fn failure(error: &reqwest::Error) -> SourceError {
    if let Some(forbidden) = cause::<ForbiddenAddress>(error) {
        return SourceError::Forbidden(*forbidden);
    }
    if let Some(rustls::Error::InvalidCertificate(problem)) = cause::<rustls::Error>(error) {
        return SourceError::Certificate(problem.to_string());
    }
    let words = words(error);
    if error.is_connect() || error.is_timeout() || cause::<io::Error>(error).is_some() {
        SourceError::Connect(words)
    } else {
        SourceError::Garbled(words)
    }
}

/// The chain of errors in one line. The outermost is left out: it repeats the URL, which may hold a secret.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = chain(error).skip(1).map(ToString::to_string).collect();
    if words.is_empty() {
        words.push("no reason was given".to_owned());
    }
    // Layers repeat the words of those below them.
    words.dedup();
    words.join(": ").chars().take(WORDS_MAX).collect()
}

fn cause<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// The error and all its causes. An `io::Error` hides the one it was made of: its own source is that one's.
fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| beneath(error))
}

fn beneath<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
