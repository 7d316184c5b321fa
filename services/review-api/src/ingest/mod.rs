//! Reviews in, one by one or many at a time.
//!
//! 1. [`request`]: what a request says about its body before that is read. [`body`]: the bytes, decoded and bounded.
//! 2. [`one`]: POST /reviews, one review and one answer.
//! 3. [`bulk`]: POST /reviews/_bulk, [`lines`] of any number; the verdicts go to a [`transcript`] that is sent after the
//!    last line was read.
//! 4. [`intake`]: whether a review goes to the spool or straight to the queue, and how long its client waits.
//! 5. [`answer`]: what clients are told.

mod answer;
mod body;
mod bulk;
mod intake;
mod lines;
mod metrics;
mod one;
mod request;
mod transcript;

use std::path::PathBuf;
use std::time::Duration;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{self, Auth, Scope};

pub use answer::{BulkAnswer, Item, OneAnswer, Status};
pub use intake::{Intake, Taken};
pub use metrics::IngestMetrics;

/// The longest review, as JSON, in bytes.
pub const REVIEW_MAX: usize = 256 * 1024;

/// How reviews are taken in.
#[derive(Clone, Debug)]
pub struct IngestSettings {
    /// Without a spool: how long a client is kept waiting while the store recovers.
    pub retry_for: Duration,
    /// With a spool: how long a client whose review is durable waits to hear that it is stored, too.
    pub ack_wait: Duration,
    /// The bytes of all requests' bodies that are being read or made durable.
    pub inbox_bytes: usize,
    /// Where long answers wait for the end of their requests; `None` is the system's folder for such things.
    pub temp_dir: Option<PathBuf>,
}

impl Default for IngestSettings {
    fn default() -> Self {
        Self {
            retry_for: Duration::from_secs(30),
            ack_wait: Duration::from_secs(1),
            inbox_bytes: 32 << 20,
            temp_dir: None,
        }
    }
}

/// What the handlers share.
#[derive(Clone)]
struct Ingest {
    intake: Intake,
    auth: Auth,
}

/// The routes that take reviews, for callers whom `auth` lets write. Their listener must have no limit of its own to
/// a body's length.
pub fn routes(intake: Intake, auth: Auth) -> OpenApiRouter {
    let gate = auth.gate(Scope::Write);
    OpenApiRouter::new()
        .routes(routes!(one::post_review))
        .routes(routes!(bulk::post_reviews))
        .layer(axum::middleware::from_fn_with_state(gate, auth::check))
        .with_state(Ingest { intake, auth })
}
