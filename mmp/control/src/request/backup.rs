//! `backup` and `factory_reset` (`mmp.md` sections 23 and 24).

use mmp_model::backup::BackupName;
use serde::{Deserialize, Serialize};

use crate::Secret;

/// `backup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backup {
    /// Take one; its output comes bit by bit.
    Snapshot(BackupName),
    /// All that are in the folder.
    List,
    /// Can it be rolled back to, and what should be known before? Asked before anything is confirmed.
    Check(BackupName),
    /// Replace the configuration and restart.
    Rollback {
        /// Which.
        name: BackupName,
        /// The key of the appliance that took it, where that is another one.
        key: Option<Secret>,
    },
    /// This appliance's key, to be written down.
    Key,
}

/// `factory_reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactoryReset {
    /// The application's configuration; the MMP side stays.
    App,
    /// Everything.
    Full,
}
