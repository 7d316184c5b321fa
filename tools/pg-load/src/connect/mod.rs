//! Connections to a server, or to whichever of several is the primary.
//!
//! 1. [`target`]: what the command line, `DATABASE_URL` and files say.
//! 2. [`endpoint`]: all of it read and checked once: hosts in order, and who they are connected as.
//!    [`url`] reads of the URL what the driver cannot, [`place`] tells each host from the others.
//! 3. [`tls`]: how a server proves who it is, with libpq's names for how much is asked of it.
//! 4. [`Connection`]: one session, and the task that moves its bytes.
//! 5. [`fault`]: what an error of the server or of the wire means for who met it.
//! 6. [`backoff`]: when a lost server is tried again, as a pure function.

pub mod backoff;
pub mod endpoint;
mod error;
pub mod fault;
mod place;
mod session;
pub mod target;
pub mod tls;
mod url;

pub use backoff::Backoff;
pub use endpoint::Endpoint;
pub use error::ConnectError;
pub use fault::{Remedy, describe, remedy};
pub use session::{Canceller, Connection};
pub use target::Target;
