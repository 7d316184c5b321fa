//! From the environment's strings to values that cannot be wrong.
//!
//! 1. [`Environment`] is a copy of the process's variables, or a test's.
//! 2. A [`Topic`] is a small struct whose every field has a default; [`Environment::read`] fills it
//!    through envy and puts each variable that does not parse into [`Faults`], by name.
//! 3. A secret may come as `NAME` or, as Kubernetes mounts it, as `NAME_FILE`.
//! 4. A service's [`FromEnvironment`] reads its topics and requires what has no default. Only when all of it
//!    has been looked at are the faults reported, together.

mod environment;
mod faults;
mod kit;
mod values;

pub use environment::{Environment, FromEnvironment, NoSettings, Topic};
pub use faults::{Fault, Faults};
pub use kit::{KitSettings, LogFormat};
pub use values::{Secret, Size, Span};
