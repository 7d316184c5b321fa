//! What the server does beside serving objects well: its command line, its sites, its listeners. The real service in
//! front of a real S3 store.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod process;
mod sites;
mod tls;
