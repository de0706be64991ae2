//! `pki`.

use mmp_model::FileName;
use serde::{Deserialize, Serialize};

/// One row of bare `pki`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PkiUse {
    /// `webadmin`.
    pub service: String,
    /// `key`, `certificate`, `CA bundle`, `trust`.
    pub purpose: String,
    /// The file.
    pub file: FileName,
    /// What is wrong with it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
