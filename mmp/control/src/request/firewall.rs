//! `firewall` (`mmp.md` section 8.3).

use mmp_model::{
    Subnet,
    firewall::{Policy, Service},
};
use serde::{Deserialize, Serialize};

/// `firewall`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firewall {
    /// Policy and rules.
    Show,
    /// What happens to packets that no rule matches.
    Default(Policy),
    /// In force.
    Enable,
    /// Not in force, settings kept.
    Disable,
    /// One more rule, after the others.
    Add(Policy, Service, Option<Subnet>),
    /// Away with the rule of this tag.
    Delete(u16),
}
