//! The tokens of a file.
//!
//! 1. One per line: `token`, or `name token`. Blank lines and lines that begin with `#` are passed over. A file without
//!    any lets nobody in.
//! 2. Only their SHA-256 is kept. What a request brings is hashed and compared with every one of them, in constant
//!    time: nothing is learnt from how long a refusal takes, not even a token's length.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

type Digest = [u8; 32];

/// The most characters of a token's name.
const NAME_MAX: usize = 64;
/// The name of a token without one.
const UNNAMED: &str = "-";

/// Who sent a request: the holder of one token, or anybody.
#[derive(Clone, Debug)]
pub struct Caller {
    digest: Digest,
    name: Arc<str>,
}

/// Every token of one file.
pub(super) struct Tokens(Vec<Caller>);

impl Caller {
    /// Somebody who needs no token.
    pub(super) fn anybody() -> Self {
        static NAME: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| UNNAMED.into());
        Self { digest: Digest::default(), name: Arc::clone(&NAME) }
    }

    /// The token's name in its file, or `-`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who it is, for counting.
    pub(super) fn key(&self) -> &Digest {
        &self.digest
    }
}

impl Tokens {
    /// The holder of `token`. It always looks at all of them.
    pub fn find(&self, token: &str) -> Option<Caller> {
        let digest = Digest::from(Sha256::digest(token));
        let mut found = None;
        for caller in &self.0 {
            if caller.digest.ct_eq(&digest).into() {
                found = Some(caller);
            }
        }
        found.cloned()
    }
}

/// Reads the one file that is followed.
pub(super) fn parse_files(files: &[Vec<u8>]) -> Result<Tokens, String> {
    let mut callers: Vec<Caller> = Vec::new();
    for file in files {
        let text = std::str::from_utf8(file).map_err(|_| "is not UTF-8".to_owned())?;
        for (number, line) in (1..).zip(text.lines()) {
            let Some(caller) = parse_line(line).map_err(|reason| format!("line {number} {reason}"))? else {
                continue;
            };
            if callers.iter().any(|other| other.digest == caller.digest) {
                return Err(format!("line {number} has a token that another line has too"));
            }
            callers.push(caller);
        }
    }
    Ok(Tokens(callers))
}

/// A line's token. What is wrong with it is told without it.
fn parse_line(line: &str) -> Result<Option<Caller>, &'static str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (name, token) = match (words.next(), words.next(), words.next()) {
        (Some(token), None, None) => (UNNAMED, token),
        (Some(name), Some(token), None) => (name, token),
        _ => return Err("is neither `token` nor `name token`"),
    };
    if name.chars().count() > NAME_MAX {
        return Err("has a name of more than 64 characters");
    }
    // RFC 6750, section 2.1: anything else could not be sent.
    let sendable = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !token.bytes().all(sendable) {
        return Err("has a token with characters other than letters, digits and - . _ ~ + / =");
    }
    Ok(Some(Caller { digest: Sha256::digest(token).into(), name: name.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Tokens, String> {
        parse_files(&[text.as_bytes().to_vec()])
    }

    #[test]
    fn lines_are_tokens_with_or_without_a_name() {
        let tokens = parse("# who may write\n\nabc\r\n  shop  d.e-f==  \n").expect("sound");
        assert_eq!(tokens.find("abc").expect("known").name(), "-");
        assert_eq!(tokens.find("d.e-f==").expect("known").name(), "shop");
        for unknown in ["", "ab", "abcd", "shop", "# who may write", "d.e-f="] {
            assert!(tokens.find(unknown).is_none(), "{unknown}");
        }
        assert!(parse("# nobody\n").expect("sound").find("").is_none());
    }

    #[test]
    fn a_faulty_line_is_named_and_its_token_is_not_shown() {
        for (text, line) in
            [("a b c", "line 1 "), ("ok\nn secret!", "line 2 "), ("same\n\nx same", "line 3 ")]
        {
            let reason = parse(text).err().expect("faulty");
            assert!(reason.starts_with(line) && !reason.contains("secret"), "{reason}");
        }
        assert!(parse_files(&[b"\xff".to_vec()]).is_err());
    }
}
