//! Replacing a lost password at the console.

use mmp_model::Username;
use serde::{Deserialize, Serialize};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecoveryStep {
    /// The power has to be switched off and on within so many seconds.
    SwitchOff {
        /// Left.
        seconds: u64,
    },
    /// One of these may be given a new password.
    Choose(Vec<Username>),
}
