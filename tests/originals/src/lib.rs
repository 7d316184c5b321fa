//! The originals beside ours: asked the same over a raw socket, compared to the byte.
//!
//! 1. [`original`] starts a real Express or Flask, which `tests/originals/install` has put into the target folder.
//! 2. [`requests`] is what both are asked: some written by hand, some drawn with a fixed seed.
//! 3. [`wire`] sends bytes as they are, malformed ones too, and reads answers without correcting them.
//! 4. [`compare`] notes everything in which two answers differ.
//! 5. [`deliberate`] is the one list of what may differ, with reasons. A difference that is not on it fails the test,
//!    and so does an entry that nothing needs any longer.
//! 6. [`pair`] does all of this for a list of cases.
//! 7. [`samples`] reads metrics.
//! 8. [`document`] writes the list into `docs/originals.md`.

pub mod case;
pub mod compare;
pub mod deliberate;
pub mod document;
pub mod original;
pub mod pair;
pub mod requests;
pub mod samples;
pub mod wire;
