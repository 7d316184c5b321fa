//! Real Elasticsearch nodes for tests: started on free ports, ended in any case, made to fail as told.
//!
//! 1. [`Version`] is which Elasticsearch, where `tests/elasticsearch/install` put it, and a Java that it runs on.
//! 2. [`Node`] is one process: it can be killed, stopped, paused and started again on the same ports.
//! 3. [`Cluster`] is one to three of them, and requests to them.
//! 4. [`cases`] is what is to hold, and [`run`] holds cases against a cluster and prints as libtest does.
//!
//! The nodes run as the user `nobody` where the tests run as root, which Elasticsearch refuses to be.

pub mod cases;
mod cluster;
mod node;
mod runner;
mod version;

pub use cases::{SINGLE, THREE, TIGHT};
pub use cluster::{Cluster, Shape, wait_for};
pub use node::Node;
pub use runner::{Case, Future, run};
pub use version::Version;
