//! The kernel's IPv4 routes over rtnetlink.

use std::{io, net::Ipv4Addr};

use mmp_control::reply::Route;
use mmp_model::Letter;
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType},
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::net::if_::if_nametoindex;

/// Number of the kernel's local table (linux/rtnetlink.h).
const RT_TABLE_LOCAL: u8 = 255;

/// Routes out of one interface in the tables that everybody uses: main and local. None when they cannot be read.
pub fn ipv4(letter: Letter) -> Vec<Route> {
    let Ok(index) = if_nametoindex(letter.device().as_str()) else { return Vec::new() };
    let mut routes: Vec<Route> =
        dump().unwrap_or_default().iter().filter_map(|message| route(message, index)).collect();
    // Local and link routes before those through a gateway, as the product lists them.
    routes.sort_by_key(|route| (route.global, route.destination));
    routes
}

fn route(message: &RouteMessage, index: u32) -> Option<Route> {
    let tables = [RouteHeader::RT_TABLE_MAIN, RT_TABLE_LOCAL];
    let kinds = [RouteType::Unicast, RouteType::Local, RouteType::Broadcast];
    if !tables.contains(&message.header.table) || !kinds.contains(&message.header.kind) {
        return None;
    }
    let mut route = Route {
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::UNSPECIFIED,
        gateway: Ipv4Addr::UNSPECIFIED,
        global: false,
        prefixlen: message.header.destination_prefix_length,
    };
    let mut ours = false;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(out) => ours = *out == index,
            RouteAttribute::Destination(RouteAddress::Inet(address)) => route.destination = *address,
            RouteAttribute::Gateway(RouteAddress::Inet(address)) => route.gateway = *address,
            _ => {}
        }
    }
    route.global = !route.gateway.is_unspecified();
    ours.then_some(route)
}

fn dump() -> io::Result<Vec<RouteMessage>> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut ask = RouteMessage::default();
    ask.header.address_family = AddressFamily::Inet;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut request = NetlinkMessage::new(header, NetlinkPayload::from(RouteNetlinkMessage::GetRoute(ask)));
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    socket.send(&bytes, 0)?;

    let mut routes = Vec::new();
    loop {
        let (received, _) = socket.recv_from_full()?;
        let mut rest = &received[..];
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).map_err(io::Error::other)?;
            let length = message.header.length as usize;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(routes),
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(route)) => routes.push(route),
                _ => {}
            }
            // Messages are padded to four bytes.
            rest = rest.get(length.next_multiple_of(4).max(4)..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_lists_its_routes() {
        let routes = dump().unwrap();
        assert!(routes.iter().any(|route| route.header.table == RT_TABLE_LOCAL));
    }
}
