//! Changes on condition, restore points, and what others changed meanwhile.

use mmp_model::account::UnixTime;
use serde::{Deserialize, Serialize};

/// `try`: what is on condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Who has to confirm.
    pub user: String,
    /// From where the latest of the changes was made.
    pub origin: String,
    /// The changes, as typed.
    pub lines: Vec<String>,
    /// Seconds until they are undone.
    pub seconds_left: u64,
}

/// One restore point of `settings list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestorePoint {
    /// Its number.
    pub generation: u64,
    /// Seconds since 1970 UTC.
    pub at: UnixTime,
    /// Who made it.
    pub user: String,
    /// From where.
    pub origin: String,
    /// By which command.
    pub line: String,
}

/// `settings compare`: what one family's settings have and the other's have not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The family's name in the settings.
    pub family: String,
    /// In the earlier settings only: `path = value`.
    pub removed: Vec<String>,
    /// In the later settings only.
    pub added: Vec<String>,
}
