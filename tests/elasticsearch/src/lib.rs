//! Real Elasticsearch nodes for tests: started on free ports, ended in any case, made to fail as told.
//!
//! 1. [`Version`] is which Elasticsearch, where `tests/elasticsearch/install` put it, and a Java that it runs on.
//! 2. [`Node`] is one process: it can be killed, stopped, paused and started again on the same ports.
//! 3. [`Cluster`] is one to three of them, and requests to them.
//! 4. `front` is what other clusters have before their nodes: TLS, who may ask, lifecycle policies.
//! 5. [`cases`] is what is to hold, and [`run`] holds cases against a cluster and prints as libtest does.
//! 6. [`Access`] is how somebody else's cluster is reached, on which [`hold_on`] holds those cases that leave it as it was.
//!
//! The nodes run as the user `nobody` where the tests run as root, which Elasticsearch refuses to be.

mod access;
pub mod cases;
mod cluster;
mod front;
mod node;
mod runner;
mod version;

pub use access::Access;
pub use cases::{ANYWHERE, SINGLE, THREE, TIGHT};
pub use cluster::{Cluster, Shape, wait_for};
pub use node::Node;
pub use runner::{Case, Future, hold_on, run};
pub use version::Version;
