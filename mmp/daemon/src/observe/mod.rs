//! What the system does now, read and never changed.
//!
//! Invariant: what cannot be read is absent in the answer; no reading fails a command.

pub mod addresses6;
pub mod board;
pub mod clock;
pub mod events;
pub mod links;
pub mod machine;
pub mod medium;
mod netlink;
pub mod resolver;
pub mod routes;
pub mod time_sources;
