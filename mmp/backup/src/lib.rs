//! The file `<name>.bak` (`mmp.md` section 23): what a backup holds, how it is sealed, and the key that opens it.
//!
//! Invariants: no IO, no clock, no randomness of its own; bytes of others are never trusted: sizes are bounded before
//! anything is reserved, nothing of the content is looked at before the whole file is proved to be as it was sealed, and
//! every name in it is a [`mmp_model::FileName`]. A file is at most [`MAX_FILE`] bytes.

pub mod bundle;
pub mod key;
pub mod sealed;

pub use bundle::{Bundle, Item};
pub use key::BackupKey;
pub use sealed::{Header, OpenError, Sealed};

/// Largest content in bytes: certificates, keys and texts are small, so this is a thousand times what is needed.
pub const MAX_CONTENT: usize = 16 << 20;

/// Largest backup file in bytes.
pub const MAX_FILE: usize = MAX_CONTENT + sealed::MAX_HEAD + sealed::TAG;
