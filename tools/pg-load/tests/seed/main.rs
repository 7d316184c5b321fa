//! `pg-load seed` and `pg-load verify`, as the real program against real servers.

#[path = "../support/mod.rs"]
mod support;

mod again;
mod failover;
mod faults;
mod files;
mod killed;
mod local;
mod program;
mod rows;
mod tls;
