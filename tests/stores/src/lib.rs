//! The contract that file-server and content-fetcher have with a store, held against real ones.
//!
//! 1. A test program (`tests/<store>.rs`) starts its store and hands it to [`run`].
//! 2. [`contract`] is one suite for all: what AWS documents, as far as the services need it.
//! 3. [`Differences`] says where a store is known to differ. The suite asserts these too: a difference that is gone
//!    fails as loudly as a new one.
//!
//! docs/stores.md shows the same for readers.

pub mod contract;
mod differences;
mod process;
mod runner;
mod store;

pub use differences::{Differences, KeyFate};
pub use runner::run;
pub use store::Store;
