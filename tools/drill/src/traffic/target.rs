//! What is asked, how often, and which answer is right.
//!
//! A target on the command line is `[NAME=]URL [rate=N] [status=N] [sha256=HEX] [body=TEXT]`, where `body` takes the rest of
//! the line. In a file each is a field.

use std::str::FromStr;

use serde::Deserialize;
use url::Url;

/// The rate of a target that names none, in requests per second.
pub const RATE: f64 = 50.0;
/// More than this from one target is a mistake on the command line rather than a load this tool sends.
pub const RATE_MAX: f64 = 100_000.0;

/// Something that is asked by GET.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name in reports and limits; the URL's host and port where none is given.
    #[serde(default)]
    pub name: Option<String>,
    /// What is asked.
    pub url: Url,
    /// Requests per second; `--rate` where it is not said.
    #[serde(default)]
    pub rate: Option<f64>,
    /// The status of a right answer; any of 2xx where it is not said.
    #[serde(default)]
    pub status: Option<u16>,
    /// What the body of a right answer contains.
    #[serde(default)]
    pub body: Option<String>,
    /// The SHA-256 of the body of a right answer, in hexadecimal.
    #[serde(default)]
    pub sha256: Option<String>,
}

impl Target {
    /// Its name in reports.
    pub fn label(&self) -> String {
        self.name.clone().unwrap_or_else(|| {
            let host = self.url.host_str().unwrap_or_default();
            self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
        })
    }

    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let label = self.label();
        if !matches!(self.url.scheme(), "http" | "https") {
            return Err(format!("target {label}: {} is neither http nor https", self.url.scheme()));
        }
        if let Some(rate) = self.rate {
            check_rate(rate).map_err(|fault| format!("target {label}: {fault}"))?;
        }
        if label.is_empty() || label.chars().any(|char| char.is_whitespace() || char == '/') {
            return Err(format!("target {label:?}: a name has no space and no slash"));
        }
        if let Some(status) = self.status
            && !(100..=599).contains(&status)
        {
            return Err(format!("target {label}: {status} is no status"));
        }
        match &self.sha256 {
            Some(sum) if sum.len() != 64 || !sum.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Err(format!("target {label}: sha256 takes 64 hexadecimal digits"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a rate can be sent.
pub fn check_rate(rate: f64) -> Result<(), String> {
    if rate.is_finite() && rate > 0.0 && rate <= RATE_MAX {
        Ok(())
    } else {
        Err(format!("a rate is above 0 and at most {RATE_MAX} per second, not {rate}"))
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (first, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        // A query may hold `=`: a name ends before the first `=` only where no URL began yet.
        let (name, url) = match first.split_once('=') {
            Some((name, url)) if !name.contains([':', '/', '?']) => (Some(name.to_owned()), url),
            _ => (None, first),
        };
        let url = Url::parse(url).map_err(|error| format!("{url:?} is no URL: {error}"))?;
        let mut target = Self { name, url, rate: None, status: None, body: None, sha256: None };
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                break;
            }
            if let Some(body) = rest.strip_prefix("body=") {
                target.body = Some(body.to_owned());
                break;
            }
            let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let fault = |error: &dyn std::fmt::Display| format!("{word:?}: {error}");
            match word.split_once('=') {
                Some(("rate", rate)) => target.rate = Some(rate.parse().map_err(|error| fault(&error))?),
                Some(("status", status)) => {
                    target.status = Some(status.parse().map_err(|error| fault(&error))?);
                }
                Some(("sha256", sum)) => target.sha256 = Some(sum.to_ascii_lowercase()),
                _ => return Err(fault(&"a target takes rate=, status=, sha256= and, at its end, body=")),
            }
            rest = more;
        }
        target.check()?;
        Ok(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_all_of_a_target() {
        let sum = "A".repeat(64);
        let line =
            format!("files=http://127.0.0.1:30080/a?b=c rate=200.5 status=206 sha256={sum} body=Hello, you");
        let target: Target = line.parse().expect("a target");
        assert_eq!(target.label(), "files");
        assert_eq!(target.url.as_str(), "http://127.0.0.1:30080/a?b=c");
        assert_eq!(target.rate, Some(200.5));
        assert_eq!(target.status, Some(206));
        assert_eq!(target.sha256, Some("a".repeat(64)));
        assert_eq!(target.body.as_deref(), Some("Hello, you"));
    }

    #[test]
    fn a_url_alone_is_named_by_its_host() {
        let target: Target = "http://[::1]:8080/x?y=z".parse().expect("a target");
        assert_eq!((target.label().as_str(), target.url.query()), ("[::1]:8080", Some("y=z")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, part) in [
            ("ftp://x/", "neither http"),
            ("a=http://x/ rate=0", "above 0"),
            ("a=http://x/ rate=NaN", "above 0"),
            ("a=http://x/ status=99", "no status"),
            ("a=http://x/ sha256=12", "64 hexadecimal"),
            ("a=http://x/ colour=red", "takes rate="),
            ("nothing", "no URL"),
            ("a/b=http://x/", "no URL"),
        ] {
            let fault = line.parse::<Target>().expect_err(line);
            assert!(fault.contains(part), "{line}: {fault}");
        }
    }
}
