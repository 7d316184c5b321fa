//! Seeds a `PostgreSQL`, benchmarks it, and measures its failover.
//!
//! 1. [`cli`]: the command line. Each command's arguments stand in the command's own module.
//! 2. [`connect`]: which server, as whom, how safely; and when a lost one is tried again.
//! 3. [`local`]: a server of this machine's own `PostgreSQL`, for who has none to name.
//! 4. [`shop`]: the schema, and every row as a pure function of seed, table and row number.
//! 5. [`seed`] brings the rows in, [`verify`] reads them again.
//! 6. [`bench`](mod@bench) does a [`workload`] and measures, [`failover`] counts what was acknowledged while the primary
//!    dies, [`slo`] judges, [`report`] tells of both.

pub mod bench;
pub mod cli;
pub mod connect;
pub mod failover;
pub mod local;
pub mod report;
pub mod seed;
pub mod shop;
pub mod slo;
pub mod verify;
pub mod workload;
