//! What the tests stand on: an origin that fails as told, a Kubernetes API at the wire, and the program itself.

pub mod api;
pub mod origin;
pub mod program;
pub mod wait;
