//! What RFC 9110 says of a request, as pure functions of its bytes: no store, no clock, no socket.
//!
//! 1. [`path`] turns the request's path into the key of an object, or refuses it.
//! 2. [`accept_encoding`] and [`accept`] say which form of the object the client can take.
//! 3. [`etag`] and [`date`] hold the validators of the chosen form.
//! 4. [`conditional`] decides by them whether to send it at all.
//! 5. [`range`] decides which of its bytes to send, and [`multipart`] frames several ranges.
//!
//! Everything here takes hostile bytes: nothing panics, and nothing grows beyond the header it reads.

pub mod accept;
pub mod accept_encoding;
pub mod conditional;
pub mod date;
pub mod etag;
pub mod multipart;
pub mod path;
pub mod quality;
pub mod range;
