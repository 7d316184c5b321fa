//! The real devstack with the real services, on free ports.
//!
//! 1. [`stack`] starts it, reads what it prints, and leaves nothing running.
//! 2. [`curl`] understands the lines of its table.
//! 3. [`works`]: every line of the table, and every file through the whole chain.
//! 4. [`ends`]: every way in which it ends.
//! 5. [`refuses`]: what it says before it starts anything.

mod curl;
mod ends;
mod refuses;
mod stack;
mod works;
