//! How reviews are taken in: over HTTP with the real batcher and the real spool, in front of a store that does as told.

mod auth;
mod batcher;
mod bulk;
mod double;
mod fair;
mod one;
mod spooled;
mod support;
