//! drill as it is used: traffic against servers that fail as told, the program against a Kubernetes API at the wire.

mod refusals;
mod reviews;
mod scenarios;
mod support;
mod traffic;
mod undo;
