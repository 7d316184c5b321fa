//! What both are asked.
//!
//! 1. `paths`: ways to write a path, by hand and drawn at random with a fixed seed.
//! 2. `framing`: everything about a request that is no matter of the path or of the application.
//! 3. [`express`] and [`flask`]: the two lists, with what only concerns one.

pub mod express;
pub mod flask;
mod framing;
mod paths;

use std::collections::BTreeSet;

use crate::case::Case;

/// The cases, each once.
///
/// # Panics
/// Where two different cases have one name.
fn distinct(cases: impl IntoIterator<Item = Case>) -> Vec<Case> {
    let mut names = BTreeSet::new();
    let mut sent = BTreeSet::new();
    let mut distinct = Vec::new();
    for case in cases {
        if sent.insert(case.requests.clone()) {
            assert!(names.insert(case.name.clone()), "two cases are called {}", case.name);
            distinct.push(case);
        }
    }
    distinct
}
