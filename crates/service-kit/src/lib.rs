//! What every service needs and nothing of what any one does.
//!
//! A service's `main` is one call, and this is the order in which the kit lives and dies:
//!
//! 1. [`telemetry`]: logs begin, and a panic is a log line.
//! 2. [`settings`]: the environment becomes small typed structs; every fault of every setting is
//!    reported at once, by name, and the process exits with 2.
//! 3. [`Kit`]: the service's `build` binds listeners and registers parts; nothing runs yet.
//! 4. [`Running`]: everything is spawned; each part announces through its [`ReadyHandle`] that it can work.
//! 5. [`drain`](Running::wait): on SIGTERM readiness turns 503 at once, the listeners go on for
//!    `DRAIN_DELAY`, what is in flight is finished within `DRAIN_TIMEOUT`, then background parts flush.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use service_kit::{Environment, HttpOptions, Kit, NoSettings};
//!
//! async fn build(_: NoSettings, kit: &mut Kit) -> anyhow::Result<()> {
//!     let listener = kit.listen("http", ([127, 0, 0, 1], 8000).into())?;
//!     let router = Router::new().route("/", get(|| async { "hello" }));
//!     kit.serve(listener, router, HttpOptions::default());
//!     Ok(())
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     service_kit::main("hello", "1.0.0", Environment::process(), build)
//! }
//! ```

/// A small request allocates some forty times. glibc's allocator took a fifth of all its instructions (callgrind, a
/// cached 1 KiB of file-server); this one takes a third of that. It is built without transparent huge pages: with them
/// review-api, loading in bulk, had 160 to 210 MiB resident, without them 66 to 74, of which 11 were in use (heaptrack).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod admin;
mod healthcheck;
pub mod http;
mod lifecycle;
pub mod metrics;
mod readiness;
mod reload;
mod run;
pub mod settings;
pub mod telemetry;
pub mod testing;
pub mod tls;

pub use healthcheck::healthcheck;
pub use http::{Endpoint, HttpOptions, Peer, Problem, RequestId, TraceContext};
pub use lifecycle::{BindError, Kit, Listener, Outcome, Running, Stopper};
pub use metrics::Metrics;
pub use readiness::{Readiness, ReadyHandle};
pub use reload::{Followed, UnreadableFile};
pub use run::{main, main_logging_to};
pub use settings::{
    Environment, Faults, FromEnvironment, KitSettings, NoSettings, Secret, Size, Span, Topic,
};

/// What [`metrics!`] needs from crates that its caller need not name.
#[doc(hidden)]
pub mod reexport {
    pub use prometheus_client;
}
