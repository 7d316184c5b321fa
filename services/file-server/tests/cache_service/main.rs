//! The cache, as clients, the store and operators see it: the real service in front of a real S3 store, with a proxy
//! between them that counts and fails as told.

#[path = "../support/mod.rs"]
mod support;

mod coalescing;
mod forms;
mod freshness;
mod memory;
mod purge;
mod stale;
