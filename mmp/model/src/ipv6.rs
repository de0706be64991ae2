//! IPv6 settings of one interface (`mmp.md` section 6.3).

use std::net::Ipv6Addr;

use serde::{Deserialize, Serialize};

use crate::{Ipv6Prefix, address6::Ipv6Subnet};

/// Static addresses of one interface, more than any plan needs.
pub const MAX_ADDRESSES: usize = 16;

/// IPv6 of one interface. Until it is enabled it carries none, not even a link-local address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ipv6 {
    /// Whether the interface carries IPv6; off keeps the rest.
    pub enabled: bool,
    /// Addresses and default route from routers' advertisements (RFC 4862).
    pub slaac: bool,
    /// Static addresses, sorted.
    pub addresses: Vec<Ipv6Prefix>,
    /// Next hop for what is not on the link; goes before an advertised one.
    pub router: Option<Ipv6Addr>,
    /// Static routes out of this interface through its router, sorted.
    pub routes: Vec<Ipv6Subnet>,
}

impl Default for Ipv6 {
    /// SLAAC is on once IPv6 is enabled (`mmp.md` section 6.3).
    fn default() -> Self {
        Self { enabled: false, slaac: true, addresses: Vec::new(), router: None, routes: Vec::new() }
    }
}
