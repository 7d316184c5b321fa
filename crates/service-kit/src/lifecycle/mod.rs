//! From bound listeners to a drained exit.
//!
//! 1. [`kit`]: a service's `build` binds listeners and registers parts in a [`Kit`].
//! 2. [`running`]: [`Kit::start`] spawns it all; [`Running::wait`] waits for a reason to stop.
//! 3. [`drain`]: unready at once, then close, finish, flush, in that order and within limits.

mod drain;
mod kit;
mod running;

pub use drain::Outcome;
pub use kit::{BindError, Kit, Listener};
pub use running::{Running, Stopper};
