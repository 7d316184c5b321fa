//! The store on a folder: who may have it, what is left of it after a crash, and what it says where it cannot go on.

mod damage;
mod limits;
mod process;
mod support;
