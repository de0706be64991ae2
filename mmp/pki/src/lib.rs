//! Keys, certificates and requests: reading what people upload, matching, checking, making.
//!
//! Invariants: bytes in, results out; no IO, no clock (the time is an argument, in seconds since 1970 UTC), no socket.
//! No byte of a file can bring a reader down. Private keys are cleared from memory when they are dropped and have no
//! `Debug` that shows them. What a file says is printed only through [`text::harmless`].

pub mod certificate;
mod constraints;
mod der;
pub mod generate;
pub mod import;
pub mod inspect;
pub mod key;
pub mod material;
pub mod pair;
pub mod pem;
pub mod text;
pub mod unlock;
pub mod verify;

pub use certificate::Certificate;
pub use key::PrivateKey;
pub use material::{File, Item, ReadError};
pub use pair::{Fault, Note, Pair};
pub use verify::{Problem, verify};

/// Largest file that is looked at, in bytes. The largest bundle of certificates in use is that of all public roots,
/// about 200 KiB.
pub const LARGEST: usize = 1 << 20;
