//! `cms.lic`: what it says, whether it is genuine, and what follows from it (`mmp.md` section 4).
//!
//! Invariants: bytes and a date in, a verdict out; no IO, no clock. Nothing in a file counts before its signature is
//! checked against a key that the caller trusts.

pub mod effect;
pub mod file;
pub mod keys;
pub mod verdict;

pub use effect::{Effect, effect};
pub use file::{Draft, Feature, Licence, ParseError};
pub use keys::{IssuerKey, Keyring};
pub use verdict::{Fault, FeatureState, State, Verdict, judge};

/// Largest file that is looked at, in bytes.
pub const LARGEST: usize = 64 << 10;
