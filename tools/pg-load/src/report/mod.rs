//! Results: as data, for people, and side by side.
//!
//! 1. [`result`]: what a run of `bench` found, [`ledger`] of `failover`: plain data, versioned, written and read as JSON. The
//!    same data gives the same bytes.
//! 2. [`csv`]: the time series for a spreadsheet.
//! 3. [`html`]: one page without anything from outside; [`chart`] draws its charts as SVG.
//! 4. [`text`]: what a terminal shows at the end.
//! 5. [`compare`]: two results of `bench`, and whether the second is worse.

pub mod chart;
pub mod compare;
pub mod csv;
mod file;
mod format;
pub mod html;
pub mod ledger;
pub mod result;
pub mod text;

pub use compare::{Args, run};
pub use file::{Format, ReportError, read, write, write_json};
pub use format::{count, round, time};
