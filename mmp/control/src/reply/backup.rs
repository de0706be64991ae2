//! Answers of `backup`.

use mmp_model::{account::UnixTime, backup::BackupName};
use serde::{Deserialize, Serialize};

/// One row of `backup list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackupRow {
    /// Name.
    pub name: BackupName,
    /// Bytes of the file to restore from.
    pub size: u64,
    /// When it was taken or uploaded, in seconds since 1970 UTC.
    pub modified: UnixTime,
}

/// What should be known before a rollback.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackupCheck {
    /// The key of another appliance is needed.
    pub wants_key: bool,
    /// What will not be as it was, a line each.
    pub warnings: Vec<String>,
}
