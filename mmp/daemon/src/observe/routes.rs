//! The kernel's routes over rtnetlink.

use std::net::{Ipv4Addr, Ipv6Addr};

use mmp_control::reply::Route;
use mmp_model::Letter;
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType},
};
use nix::net::if_::if_nametoindex;

use super::netlink;

/// Number of the kernel's local table (linux/rtnetlink.h).
const RT_TABLE_LOCAL: u8 = 255;

/// IPv4 routes out of one interface in the tables that everybody uses: main and local. None when they cannot be read.
pub fn ipv4(letter: Letter) -> Vec<Route> {
    let take = |address: &RouteAddress| match address {
        RouteAddress::Inet(address) => Some(*address),
        _ => None,
    };
    of(letter, AddressFamily::Inet, Ipv4Addr::UNSPECIFIED, take)
}

/// IPv6 routes out of one interface, as [`ipv4`].
pub fn ipv6(letter: Letter) -> Vec<Route<Ipv6Addr>> {
    let take = |address: &RouteAddress| match address {
        RouteAddress::Inet6(address) => Some(*address),
        _ => None,
    };
    of(letter, AddressFamily::Inet6, Ipv6Addr::UNSPECIFIED, take)
}

fn of<A: Copy + Ord>(
    letter: Letter,
    family: AddressFamily,
    unspecified: A,
    take: impl Fn(&RouteAddress) -> Option<A>,
) -> Vec<Route<A>> {
    let Ok(index) = if_nametoindex(letter.device().as_str()) else { return Vec::new() };
    let messages = messages(family);
    let mut routes: Vec<Route<A>> =
        messages.iter().filter_map(|message| route(message, index, unspecified, &take)).collect();
    // Local and link routes before those through a gateway, as the product lists them.
    routes.sort_by_key(|route| (route.global, route.destination));
    routes
}

fn messages(family: AddressFamily) -> Vec<RouteMessage> {
    let mut ask = RouteMessage::default();
    ask.header.address_family = family;
    let all = netlink::dump(RouteNetlinkMessage::GetRoute(ask)).unwrap_or_default();
    all.into_iter()
        .filter_map(|message| match message {
            RouteNetlinkMessage::NewRoute(route) => Some(route),
            _ => None,
        })
        .collect()
}

fn route<A: Copy + PartialEq>(
    message: &RouteMessage,
    index: u32,
    unspecified: A,
    take: impl Fn(&RouteAddress) -> Option<A>,
) -> Option<Route<A>> {
    let tables = [RouteHeader::RT_TABLE_MAIN, RT_TABLE_LOCAL];
    let kinds = [RouteType::Unicast, RouteType::Local, RouteType::Broadcast];
    if !tables.contains(&message.header.table) || !kinds.contains(&message.header.kind) {
        return None;
    }
    let mut route = Route {
        source: unspecified,
        destination: unspecified,
        gateway: unspecified,
        global: false,
        prefixlen: message.header.destination_prefix_length,
    };
    let mut ours = false;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(out) => ours = *out == index,
            RouteAttribute::Destination(address) => route.destination = take(address)?,
            RouteAttribute::Gateway(address) => route.gateway = take(address)?,
            _ => {}
        }
    }
    route.global = route.gateway != unspecified;
    ours.then_some(route)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_lists_its_routes() {
        assert!(messages(AddressFamily::Inet).iter().any(|route| route.header.table == RT_TABLE_LOCAL));
    }
}
