//! Turns a failed request into the one thing the caller should know of it.
//!
//! 1. [`Failure::of`] takes from the SDK's error what was seen on the wire, as plain data.
//! 2. [`classify`] is a pure function of that: the S3 code first, where it says more than the status, then the status.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::StoreError;
use crate::object::ETag;

/// The longest text of a store that is passed on in an error.
const DETAIL_CHARS: usize = 512;

/// What a request was for, to name it in the error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub bucket: &'a str,
    pub key: Option<&'a str>,
    pub upload: Option<&'a str>,
    /// Whether for a page of a listing that is not its first.
    pub page: bool,
}

/// What was seen of a failed request.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Answer(Answer),
    /// An answer with a good status that cannot be read.
    Unreadable(String),
    TimedOut(String),
    /// No answer: the connection was refused, reset, or its name not found.
    Broken(String),
    /// The request could not be made.
    Construction(String),
}

/// An answer that says no.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub status: u16,
    pub code: Option<String>,
    pub message: Option<String>,
    /// There is a body and it is not S3's XML.
    pub garbage: bool,
    pub retry_after: Option<Duration>,
    pub content_range: Option<String>,
    pub etag: Option<String>,
    /// The region the bucket is in, where the store says it is another.
    pub region: Option<String>,
}

impl Failure {
    pub(crate) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let told = || shorten(&DisplayErrorContext(error).to_string());
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut(told()),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut(told()),
            SdkError::DispatchFailure(failure) if failure.is_user() => Self::Construction(told()),
            SdkError::DispatchFailure(_) => Self::Broken(told()),
            SdkError::ServiceError(failure) => Self::Answer(Answer::of(failure.raw(), failure.err())),
            // A body that broke off, or XML that is none, below a status of success.
            SdkError::ResponseError(_) => Self::Unreadable(told()),
            _ => Self::Construction(told()),
        }
    }
}

impl Answer {
    fn of(raw: &HttpResponse, error: &(impl ProvideErrorMetadata + ?Sized)) -> Self {
        let header = |name: &str| raw.headers().get(name).map(str::to_owned);
        let body = raw.body().bytes().unwrap_or_default();
        Self {
            status: raw.status().as_u16(),
            code: error.code().map(str::to_owned),
            message: error.message().map(str::to_owned),
            garbage: error.code().is_none() && !body.trim_ascii().is_empty(),
            retry_after: header("retry-after").and_then(|value| retry_after(&value, SystemTime::now())),
            content_range: header("content-range"),
            etag: header("etag"),
            region: header("x-amz-bucket-region"),
        }
    }

    fn detail(&self) -> String {
        let code = self.code.as_deref().unwrap_or("no code");
        let message = self.message.as_deref().unwrap_or("no message");
        shorten(&format!("{} {code}: {message}", self.status))
    }
}

/// The error of `failure` when `asked` was asked.
pub(crate) fn classify(failure: Failure, asked: Asked<'_>) -> StoreError {
    match failure {
        Failure::Answer(answer) => of_answer(&answer, asked),
        Failure::Unreadable(detail) => StoreError::Garbled { detail },
        Failure::TimedOut(detail) => StoreError::Timeout { detail },
        Failure::Broken(detail) => StoreError::Unavailable { retry_after: None, detail },
        Failure::Construction(detail) => StoreError::Invalid { detail },
    }
}

fn of_answer(answer: &Answer, asked: Asked<'_>) -> StoreError {
    let detail = answer.detail();
    match answer.code.as_deref().unwrap_or_default() {
        "XMinioInvalidObjectName" | "KeyTooLongError" => {
            if let Some(key) = asked.key {
                return StoreError::ImpossibleKey { key: key.to_owned() };
            }
        }
        "NoSuchBucket" => return StoreError::NoSuchBucket { bucket: asked.bucket.to_owned() },
        "NoSuchUpload" => return no_such_upload(asked),
        // AWS and MinIO of a continuation that they cannot read; MinIO of one that leads out of the prefix.
        "InvalidArgument" | "NotImplemented" if asked.page => return StoreError::NoSuchPage,
        "SlowDown" | "TooManyRequests" | "RequestLimitExceeded" | "ThrottlingException" => {
            return StoreError::Throttled { retry_after: answer.retry_after, detail };
        }
        "RequestTimeout" => return StoreError::Timeout { detail },
        // What arrived is not what was sent: sending it again is right.
        "BadDigest" | "XAmzContentSHA256Mismatch" | "IncompleteBody" => {
            return StoreError::Garbled { detail };
        }
        // Two writers at once; S3 asks that the request be made again.
        "OperationAborted" | "ConditionalRequestConflict" | "InternalError" => {
            return StoreError::Unavailable { retry_after: answer.retry_after, detail };
        }
        _ => {}
    }
    of_status(answer, asked, detail)
}

fn of_status(answer: &Answer, asked: Asked<'_>, detail: String) -> StoreError {
    match answer.status {
        304 => StoreError::NotModified { etag: answer.etag.clone().map(ETag::new) },
        300..=399 => StoreError::Invalid {
            detail: match &answer.region {
                Some(region) => format!("{detail} (the bucket is in region {})", shorten(region)),
                None => detail,
            },
        },
        401 | 403 => StoreError::Denied { detail },
        // A 404 page of something that is no store must not become a cached "not found".
        404 if answer.garbage => {
            StoreError::Garbled { detail: "404 with a body that is not S3's".to_owned() }
        }
        404 if asked.upload.is_some() => no_such_upload(asked),
        404 => match asked.key {
            Some(key) => StoreError::NotFound { key: key.to_owned() },
            None => StoreError::NoSuchBucket { bucket: asked.bucket.to_owned() },
        },
        408 => StoreError::Timeout { detail },
        412 => StoreError::PreconditionFailed,
        416 => StoreError::RangeNotSatisfiable {
            size: answer.content_range.as_deref().and_then(unsatisfied_size),
        },
        429 => StoreError::Throttled { retry_after: answer.retry_after, detail },
        500 | 502..=599 => StoreError::Unavailable { retry_after: answer.retry_after, detail },
        400..=499 | 501 => StoreError::Invalid { detail },
        _ => StoreError::Garbled { detail },
    }
}

fn no_such_upload(asked: Asked<'_>) -> StoreError {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    StoreError::NoSuchUpload { key: text(asked.key), id: text(asked.upload) }
}

/// The size in `bytes */N`.
fn unsatisfied_size(content_range: &str) -> Option<u64> {
    content_range.strip_prefix("bytes */")?.trim().parse().ok()
}

/// Retry-After in either form (RFC 9110, section 10.2.3); a date that is past is no wait.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = httpdate::parse_http_date(value.trim()).ok()?;
    Some(at.duration_since(now).unwrap_or_default())
}

/// A store's words, fit for one line of a log.
pub(crate) fn shorten(text: &str) -> String {
    let mut short: String =
        text.chars().take(DETAIL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(DETAIL_CHARS).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
