//! The 24 points of correct HTTP for a bucket, each as it is seen on the wire: the real service in front of a real S3
//! store, with a proxy between them that fails as told, and a client that tidies nothing up.
//!
//! A test's name begins with the number of its point.

mod conditionals;
mod encodings;
mod failures;
mod pages;
mod paths;
mod pinned;
mod ranges;
mod sites;
mod support;
