//! What can be asked, over HTTP: the real service with the store in its own process, or in front of a cluster that does
//! not answer.

mod bounds;
mod document;
mod one;
mod pages;
mod search;
mod stats;
mod stream;
mod support;
