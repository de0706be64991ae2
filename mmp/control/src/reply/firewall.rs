//! `firewall` (`mmp.md` section 8.3).

use mmp_model::{Letter, firewall::InterfaceFirewall};
use serde::{Deserialize, Serialize};

/// `firewall`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firewall {
    /// Which.
    pub interface: Letter,
    /// Its settings, which are in force.
    pub firewall: InterfaceFirewall,
}
