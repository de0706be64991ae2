//! Replacing a lost password at the console.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// `recovery`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recovery {
    /// Whether it can be done.
    Show,
    /// Allows or forbids it.
    Enable(bool),
}

/// What somebody at a console asks for; a part of [`super::Access`], so root's programs alone can.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recover {
    /// The first step, or whose password may be set now. Answered with [`crate::reply::RecoveryStep`].
    Begin,
    /// A new, temporary password for an administrator.
    Set {
        /// As typed.
        user: String,
        /// As typed.
        password: Secret,
    },
}
