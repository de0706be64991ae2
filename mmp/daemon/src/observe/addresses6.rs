//! The kernel's IPv6 addresses over rtnetlink, with what cannot be read elsewhere: whether an address is usable yet.

use std::net::{IpAddr, Ipv6Addr};

use mmp_model::Letter;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressFlags, AddressMessage},
};
use nix::net::if_::if_nametoindex;

use super::netlink;

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub address: Ipv6Addr,
    /// Its prefix length.
    pub length: u8,
    /// How usable it is.
    pub standing: Standing,
}

/// Duplicate address detection of RFC 4862 section 5.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Usable.
    Usable,
    /// Not known to be unique yet; without a carrier it stays so.
    Tentative,
    /// Another host has it.
    Duplicate,
}

impl std::fmt::Display for Address {
    /// As `ipv6` shows it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)?;
        match self.standing {
            Standing::Usable => Ok(()),
            Standing::Tentative => write!(f, " tentative"),
            Standing::Duplicate => write!(f, " duplicate"),
        }
    }
}

/// All addresses of one interface, those of wide scope first. None when they cannot be read.
pub fn of(letter: Letter) -> Vec<Address> {
    let Ok(index) = if_nametoindex(letter.device().as_str()) else { return Vec::new() };
    let mut ask = AddressMessage::default();
    ask.header.family = AddressFamily::Inet6;
    let all = netlink::dump(RouteNetlinkMessage::GetAddress(ask)).unwrap_or_default();
    let mut found: Vec<Address> = all
        .iter()
        .filter_map(|message| match message {
            RouteNetlinkMessage::NewAddress(address) if address.header.index == index => read(address),
            _ => None,
        })
        .collect();
    found.sort_by_key(|found| (found.address.is_unicast_link_local(), found.address));
    found
}

fn read(message: &AddressMessage) -> Option<Address> {
    let (mut address, mut flags) = (None, AddressFlags::empty());
    for attribute in &message.attributes {
        match attribute {
            // On a point-to-point link `Address` would be the peer's; the interfaces here have none.
            AddressAttribute::Address(IpAddr::V6(own)) => address = Some(*own),
            AddressAttribute::Flags(all) => flags = *all,
            _ => {}
        }
    }
    let standing = if flags.contains(AddressFlags::Dadfailed) {
        Standing::Duplicate
    } else if flags.contains(AddressFlags::Tentative) {
        Standing::Tentative
    } else {
        Standing::Usable
    };
    Some(Address { address: address?, length: message.header.prefix_len, standing })
}
