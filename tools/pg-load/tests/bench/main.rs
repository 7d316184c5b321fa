//! `pg-load bench` and `compare` against real servers, as a user runs them.

#[path = "../support/mod.rs"]
mod support;

mod compares;
mod counts;
mod errors;
mod levels;
mod null;
mod shop;
mod stalls;
mod tool;
