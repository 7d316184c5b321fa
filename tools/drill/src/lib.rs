//! Breaks a cluster under load and says what was lost.
//!
//! 1. [`cli`] reads the command line; the cluster and the namespace must be named there.
//! 2. [`scenario`] reads the [`cluster`] and plans: a list of [`step`]s, printed before anything is touched.
//! 3. [`run`] waits until all is steady, sends [`traffic`], carries out the steps, and puts back what [`undo`] has in its journal.
//! 4. [`ledger`] looks for every review that was acknowledged.
//! 5. [`limits`] are held against what was seen, and [`report`] says it.

pub mod cli;
pub mod cluster;
pub mod error;
pub mod hook;
pub mod ledger;
pub mod limits;
pub mod report;
pub mod run;
pub mod say;
pub mod scenario;
pub mod step;
pub mod traffic;
pub mod undo;
