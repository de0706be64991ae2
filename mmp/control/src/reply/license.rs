//! `license`, and the API's `system/licensing`.

use serde::{Deserialize, Serialize};

/// What is licensed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// Why no license is in force; then there are no features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Features that the license names.
    pub features: Vec<LicenseFeature>,
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenseFeature {
    /// `callbridge`, as `license` prints it.
    pub feature: String,
    /// `callBridge`, as the API names it.
    pub api_name: String,
    /// `activated`, `grace` or `expired`.
    pub status: String,
    /// In force for a trial only.
    pub trial: bool,
    /// The last day, `2027-Apr-28`.
    pub expiry: String,
    /// Days to the last day; 0 after it.
    pub days: i64,
    /// How many at a time; none for as many as the appliance can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
