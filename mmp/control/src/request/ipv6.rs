//! `ipv6` (`mmp.md` section 6.3).

use std::net::Ipv6Addr;

use mmp_model::{Ipv6Prefix, Ipv6Subnet};
use serde::{Deserialize, Serialize};

/// `ipv6`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ipv6 {
    /// Settings and observed state.
    Show,
    /// On.
    Enable,
    /// Off, settings kept.
    Disable,
    /// Addresses and default route from routers' advertisements, or not.
    Slaac(bool),
    /// One more static address.
    Add(Ipv6Prefix),
    /// Away with a static address.
    Del(Ipv6Addr),
    /// The static router; replaces an earlier one.
    RouterAdd(Ipv6Addr),
    /// Away with the static router.
    RouterDel(Ipv6Addr),
    /// A static route.
    RouteAdd(Ipv6Subnet),
    /// Away with a static route.
    RouteDel(Ipv6Subnet),
}
