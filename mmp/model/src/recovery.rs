//! Settings of `recovery`, a family of ours: whether a lost password can be replaced at the console.

use serde::{Deserialize, Serialize};

/// Settings of the family `recovery`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// Whoever is at the console and can switch the power may set an administrator's password.
    pub enabled: bool,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { enabled: true }
    }
}
