//! What is asked of the server: transactions, how often each, and the values in them.
//!
//! 1. [`source`]: a name of ours or a file, with its weight, as `--workload` has them.
//! 2. [`script`]: the file's format. [`statement`] turns each `:name` into a bound parameter, once, when the file is read:
//!    no value ever becomes part of SQL.
//! 3. [`draw`]: how each value is drawn; [`zipf`] is the skewed one. Bounds may be asked of the server ([`mod@bind`]).
//! 4. [`Workload`]: all of it ready to run; [`Workload::pick`] says which transaction is next.

mod bind;
mod draw;
mod fault;
mod plan;
mod script;
mod source;
mod statement;
mod zipf;

pub use bind::bind;
pub use draw::{Draw, Value};
pub use fault::WorkloadError;
pub use plan::{Statement, Transaction, Workload};
pub use script::Script;
pub use source::{BUILTIN, Source, read};
