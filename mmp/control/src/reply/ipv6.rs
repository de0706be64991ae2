//! `ipv6` (`mmp.md` section 6.3).

use std::net::Ipv6Addr;

use mmp_model::{Ipv6Prefix, Ipv6Subnet, Letter};
use serde::{Deserialize, Serialize};

use super::Route;

/// `ipv6`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ipv6 {
    /// Which.
    pub interface: Letter,
    /// Static addresses set.
    pub addresses: Vec<Ipv6Prefix>,
    /// Interface of last resort.
    pub default: bool,
    /// On.
    pub enabled: bool,
    /// Upper-case hexadecimal with colons; absent while the card is.
    pub macaddress: Option<String>,
    /// Static router set.
    pub router: Option<Ipv6Addr>,
    /// Static routes set.
    pub routes: Vec<Ipv6Subnet>,
    /// Addresses and default route from routers' advertisements.
    pub slaac: bool,
    /// `address/length` in the kernel now, with a word after it while it cannot be used.
    pub observed_addresses: Vec<String>,
    /// In the kernel now.
    pub observed_routes: Vec<Route<Ipv6Addr>>,
    /// What is wrong with it, and what to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
