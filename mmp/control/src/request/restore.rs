//! Changes on condition and restore points.

use mmp_model::{
    FileName,
    restore::{ConfirmTime, RestorePoint},
};
use serde::{Deserialize, Serialize};

/// `try`, `confirm`, `undo`: a change on condition is undone by itself unless it is confirmed in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trial {
    /// What is on condition now.
    Show,
    /// Makes the change of the request on condition. A second one adds to the first: the time begins anew, and the
    /// settings to go back to stay those before the first.
    Change(ConfirmTime, Box<super::Request>),
    /// The time begins anew.
    Extend(ConfirmTime),
    /// What is on condition stays.
    Confirm,
    /// What is on condition is undone now.
    Undo,
}

/// `settings`: the generations that are kept, as restore points, and settings from elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SettingsAsk {
    /// All that are kept, the newest first.
    List,
    /// What differs between a restore point and a later one, or the settings in force.
    Compare(RestorePoint, Option<RestorePoint>),
    /// The settings of a restore point, as a new change.
    Restore(RestorePoint),
    /// The settings of an uploaded file in the form of `live.json`, as a new change.
    Load(FileName),
}
