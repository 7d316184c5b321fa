//! Who may write and who may read, and how much.
//!
//! 1. [`tokens`] are lines of a file, followed as it changes; without a file everybody may.
//! 2. [`Auth::admit`] finds a request's bearer token (RFC 6750): 401 without a known one, 403 for one of the other file.
//! 3. [`rate`] counts reviews by token: a single review too many is 429, a bulk load is slowed down.
//! 4. [`check`] is both halves of 2 as axum's middleware.

mod rate;
mod tokens;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use service_kit::{Followed, Kit, UnreadableFile};
use utoipa::IntoResponses;

use crate::problem::Problem;
use rate::Rate;
use tokens::Tokens;

pub use tokens::Caller;

/// So much of a body is read that nobody will look at, so that its sender gets to see the refusal.
const DISCARDED: usize = 256 * 1024;

/// Who is let in.
#[derive(Clone, Debug, Default)]
pub struct AuthSettings {
    /// Tokens that may write; without it everybody may.
    pub write_tokens_file: Option<PathBuf>,
    /// Tokens that may read; without it everybody may.
    pub read_tokens_file: Option<PathBuf>,
    /// Reviews per second and token, or of all together where nobody needs a token to write; 0 is no limit.
    pub rate_limit: u32,
    /// Reviews that a token may send at once after a pause; 0 is as many as in a second.
    pub rate_burst: u32,
}

service_kit::metrics! {
    /// Who is not let in.
    pub struct AuthMetrics {
        /// Requests without the token they need, by what they wanted and what was wrong.
        pub tokens_refused: Family<RefusalLabels, Counter>,
        /// Single reviews that were refused because their token had sent too many, by its name.
        pub rate_limited: Family<TokenLabel, Counter>,
        /// Pauses that bulk loads had to make because their token had sent too many, by its name.
        pub rate_paced: Family<TokenLabel, Counter>,
    }
}

/// The labels of `tokens_refused`.
#[derive(Clone, Copy, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct RefusalLabels {
    /// `read` or `write`.
    pub scope: &'static str,
    /// `missing`, `unknown`, or `forbidden` for a token of the other file.
    pub reason: &'static str,
}

/// A token's name in its file, or `-`.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct TokenLabel {
    /// The name.
    pub token: String,
}

/// What a request wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// To ask for reviews.
    Read,
    /// To send some.
    Write,
}

/// Decides who is let in. Cheap to clone.
#[derive(Clone)]
pub struct Auth(Arc<Doors>);

struct Doors {
    write: Option<Followed<Tokens>>,
    read: Option<Followed<Tokens>>,
    rate: Option<Rate>,
    metrics: AuthMetrics,
}

/// One way in: the state of [`check`].
#[derive(Clone)]
pub struct Gate {
    auth: Auth,
    scope: Scope,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// It has no bearer token, or more than one.
    Missing,
    /// Nobody knows its token.
    Unknown,
    /// Its token is for the other thing.
    Forbidden,
}

/// What a request that is not let in is answered with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it is read by the document's macro only")]
pub(crate) enum NotAdmitted {
    /// There is no bearer token, or nobody has this one.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// The bearer token is for something else: one for writing does not read, and one for reading does not write.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
}

impl Auth {
    /// Reads the files; from then on they are followed.
    pub fn open(
        settings: &AuthSettings,
        metrics: AuthMetrics,
        kit: &mut Kit,
    ) -> Result<Self, UnreadableFile> {
        let mut follow = |name, path: &Option<PathBuf>| {
            let Some(path) = path else { return Ok(None) };
            kit.follow(name, vec![path.clone()], tokens::parse_files).map(Some)
        };
        let write = follow("WRITE_TOKENS_FILE", &settings.write_tokens_file)?;
        let read = follow("READ_TOKENS_FILE", &settings.read_tokens_file)?;
        let rate = Rate::new(settings.rate_limit, settings.rate_burst);
        Ok(Self(Arc::new(Doors { write, read, rate, metrics })))
    }

    /// The way in for one kind of request.
    pub fn gate(&self, scope: Scope) -> Gate {
        Gate { auth: self.clone(), scope }
    }

    /// Who sent a request with these headers, if that may do what it wants.
    pub fn admit(&self, headers: &HeaderMap, scope: Scope) -> Result<Caller, Refused> {
        let (wanted, other) = match scope {
            Scope::Read => (&self.0.read, &self.0.write),
            Scope::Write => (&self.0.write, &self.0.read),
        };
        let Some(wanted) = wanted else { return Ok(Caller::anybody()) };
        let admitted = bearer(headers).ok_or(Refused::Missing).and_then(|token| {
            let elsewhere = || other.as_ref().is_some_and(|other| other.load().find(token).is_some());
            let refused = || if elsewhere() { Refused::Forbidden } else { Refused::Unknown };
            wanted.load().find(token).ok_or_else(refused)
        });
        if let Err(refused) = admitted {
            let labels = RefusalLabels { scope: scope.name(), reason: refused.name() };
            self.0.metrics.tokens_refused.get_or_create(&labels).inc();
        }
        admitted
    }

    /// Counts a review that somebody waits for. The error is how long its sender should wait.
    pub fn take(&self, caller: &Caller) -> Result<(), Duration> {
        let Some(rate) = &self.0.rate else { return Ok(()) };
        rate.take(caller).inspect_err(|_| {
            self.0.metrics.rate_limited.get_or_create(&TokenLabel::of(caller)).inc();
        })
    }

    /// Counts a review of many, when its turn has come.
    pub async fn pace(&self, caller: &Caller) {
        let Some(rate) = &self.0.rate else { return };
        while let Err(wait) = rate.take(caller) {
            self.0.metrics.rate_paced.get_or_create(&TokenLabel::of(caller)).inc();
            tokio::time::sleep(wait).await;
        }
    }
}

/// Lets a request through that may do what it wants, with its [`Caller`] as an extension.
pub async fn check(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    match gate.auth.admit(request.headers(), gate.scope) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refused) => {
            let announced =
                request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
            let short =
                announced.and_then(|length| length.parse().ok()).is_some_and(|length: u64| length == 0);
            let mut response = refused.into_response();
            if !short && !request.body().is_end_stream() {
                // A body that breaks off is of a request that is refused anyway.
                let _ = service_kit::http::discard_body(request.into_body(), DISCARDED).await;
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }
}

/// The one bearer token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl TokenLabel {
    fn of(caller: &Caller) -> Self {
        Self { token: caller.name().to_owned() }
    }
}

impl Refused {
    fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Forbidden => "forbidden",
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, detail, challenge) = match self {
            Self::Missing => {
                (StatusCode::UNAUTHORIZED, "a bearer token is needed", "Bearer realm=\"reviews\"")
            }
            Self::Unknown => (
                StatusCode::UNAUTHORIZED,
                "nobody has this bearer token",
                "Bearer realm=\"reviews\", error=\"invalid_token\"",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "this bearer token is for something else",
                "Bearer realm=\"reviews\", error=\"insufficient_scope\"",
            ),
        };
        let mut response = Problem::new(status, detail).into_response();
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a header value"));
        }
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn a_bearer_token_is_found_and_nothing_else() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(token(&[value]).as_deref(), Some("abc"), "{value}");
        }
        for values in
            [&[][..], &["abc"], &["Bearer"], &["Bearer "], &["Basic abc"], &["Bearer a", "Bearer a"]]
        {
            assert_eq!(token(values), None, "{values:?}");
        }
    }
}
