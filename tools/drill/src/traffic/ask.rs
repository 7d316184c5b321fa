//! One GET and what makes its answer right.

use std::fmt::Write as _;

use reqwest::{Client, Response};
use sha2::{Digest as _, Sha256};

use super::failure::{Failure, Kind};
use super::target::Target;

/// The most of a body that is kept where something is expected of it; what is longer is a wrong one.
const BODY_MAX: usize = 16 << 20;
/// How much of a wrong body a reason shows.
const SHOWN: usize = 80;

/// Asks once and reads the whole answer.
pub async fn ask(client: &Client, target: &Target) -> Result<(), Failure> {
    let response = client.get(target.url.clone()).send().await?;
    let status = response.status();
    let right = target.status.map_or(status.is_success(), |expected| status.as_u16() == expected);
    let body = read(response, right && (target.body.is_some() || target.sha256.is_some())).await?;
    if !right {
        return Err(Failure::new(Kind::WrongStatus, format!("status {}", status.as_u16())));
    }
    judge(target, &body)
}

/// Reads to the end, so that the connection can be used again; keeps the body only where it is looked at.
async fn read(mut response: Response, keep: bool) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if keep {
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Failure::new(Kind::WrongBody, format!("a body of more than {BODY_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
    }
    Ok(body)
}

fn judge(target: &Target, body: &[u8]) -> Result<(), Failure> {
    let shown = || String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned();
    if let Some(part) = &target.body
        && !contains(body, part.as_bytes())
    {
        return Err(Failure::new(Kind::WrongBody, format!("without {part:?}: {:?}", shown())));
    }
    if let Some(expected) = &target.sha256 {
        let sum = hex(&Sha256::digest(body));
        if !sum.eq_ignore_ascii_case(expected) {
            return Err(Failure::new(Kind::WrongBody, format!("sha256 {sum} of {} bytes", body.len())));
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    part.is_empty() || body.windows(part.len()).any(|window| window == part)
}
