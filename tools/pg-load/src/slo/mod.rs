//! Service levels: what a run has to reach, and whether it did.
//!
//! 1. [`parse`]: `p99<200ms`, `errors<0.1%`, `tps>=500`: an [`Objective`] each, or a [`SloError`] that says what is wrong.
//! 2. [`mod@file`]: the same lines in a YAML file, with a name where one helps.
//! 3. [`args`]: the flags that give a command its objectives.
//! 4. [`verdict`]: objectives against [`Measured`] values; what was not measured is missed, never met.

mod args;
mod file;
mod parse;
mod verdict;

pub use args::{Levels, Mode};
pub use file::read;
pub use parse::{Comparison, Indicator, Objective, SloError, Unit};
pub use verdict::{Measured, Verdict, judge};
