//! The program as a person starts it: what its flags say, what it makes of a service that is not there or makes no sense,
//! and a check that finds what is lost and what is doubled.

mod check;
mod flags;
mod load;
mod service;
