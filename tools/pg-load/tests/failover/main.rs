//! `pg-load failover` while primaries die, with real servers and streaming replication.

#[path = "../support/mod.rs"]
mod support;

mod losses;
mod tool;
mod works;
