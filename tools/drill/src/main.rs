//! Breaks a cluster under load and says what was lost.

fn main() {}
