//! The shop: written next.
