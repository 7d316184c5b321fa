//! What goes wrong, and for which requests.

use std::time::Duration;

use super::proxy::Seen;
use crate::Operation;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An answer instead of the store's, which is not asked: a status, S3's XML with `code`, and further headers.
    Status {
        /// The status.
        status: u16,
        /// S3's error code, such as `AccessDenied`.
        code: &'static str,
        /// Further headers.
        headers: Vec<(&'static str, String)>,
    },
    /// An answer instead of the store's, with this body as `text/html`: what stands in a store's place by mistake.
    Garbage {
        /// The status.
        status: u16,
        /// The body.
        body: &'static str,
    },
    /// The connection is reset (RST) once the request is read; the store is not asked.
    Reset,
    /// The connection is reset (RST) after so many bytes of the answer's body; what the client's window could not
    /// take by then is lost too.
    ResetBody(usize),
    /// The connection is closed in order (FIN) after so many bytes of the answer's body, whose length says more.
    ShortBody(usize),
    /// Nothing more comes after so many bytes of the answer's body, until the client goes.
    StallBody(usize),
    /// The answer begins after this time.
    SlowFirstByte(Duration),
    /// Nothing ever comes; the store is not asked.
    Silence,
    /// A header of the answer is this instead (`Content-Length`, `Content-Range`, `ETag`), or is left out.
    Header {
        /// Its name, in any case.
        name: &'static str,
        /// What it says; none leaves it out.
        value: Option<String>,
    },
    /// The answer says no Content-Length: its body ends with the connection.
    NoLength,
    /// A byte of the request's body is changed on its way to the store.
    FlipByte,
}

impl Fault {
    /// 503 `SlowDown`, with Retry-After in seconds.
    pub fn slow_down(retry_after: Option<u32>) -> Self {
        let headers = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
        Self::Status { status: 503, code: "SlowDown", headers: headers.into_iter().collect() }
    }

    /// 403 `AccessDenied`.
    pub fn denied() -> Self {
        Self::Status { status: 403, code: "AccessDenied", headers: Vec::new() }
    }

    /// 500 `InternalError`.
    pub fn internal() -> Self {
        Self::Status { status: 500, code: "InternalError", headers: Vec::new() }
    }
}

/// Which requests a fault strikes. Of several rules that fit, the one told last counts.
#[derive(Clone, Debug)]
pub struct Rule {
    operation: Option<Operation>,
    key: Option<String>,
    skip: usize,
    times: usize,
}

impl Rule {
    /// Every request.
    pub fn any() -> Self {
        Self { operation: None, key: None, skip: 0, times: usize::MAX }
    }

    /// Every request of this operation.
    pub fn on(operation: Operation) -> Self {
        Self { operation: Some(operation), ..Self::any() }
    }

    /// Only for this key, as the store knows it (with the bucket's prefix).
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Lets the first so many pass.
    #[must_use]
    pub fn after(self, passed: usize) -> Self {
        Self { skip: passed, ..self }
    }

    /// Strikes so many and then lets all pass.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// Whether it strikes this request; counts it if it fits.
    pub(super) fn strikes(&mut self, seen: &Seen) -> bool {
        let fits = self.operation.is_none_or(|operation| operation == seen.operation)
            && self.key.as_ref().is_none_or(|key| *key == seen.key);
        if !fits || self.times == 0 {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times -= 1;
        true
    }
}
