//! Changes of IPv6 addresses, routers and routes (`mmp.md` sections 6.3 and 3.3).

use std::net::Ipv6Addr;

use mmp_control::{Kind, Refusal, Reply, request::Ipv6 as Ask};
use mmp_model::{
    Ipv6Prefix, Ipv6Subnet, Letter,
    interface::Interfaces,
    ipv6::{Ipv6, MAX_ADDRESSES},
};

/// Smallest MTU that IPv6 works with, in bytes (RFC 8200 section 5).
pub const LEAST_MTU: u16 = 1280;

pub fn change(interfaces: &mut Interfaces, letter: Letter, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    let done = match ask {
        Ask::Show => return None,
        Ask::Enable => enable(interfaces, letter),
        Ask::Disable => {
            own(interfaces, letter).enabled = false;
            Ok(())
        }
        Ask::Slaac(on) => {
            own(interfaces, letter).slaac = *on;
            Ok(())
        }
        Ask::Add(address) => add(interfaces, letter, *address),
        Ask::Del(address) => del(interfaces, letter, *address),
        Ask::RouterAdd(router) => add_router(interfaces, letter, *router),
        Ask::RouterDel(router) => del_router(interfaces, letter, *router),
        Ask::RouteAdd(subnet) => add_route(interfaces, letter, *subnet),
        Ask::RouteDel(subnet) => del_route(interfaces, letter, *subnet),
    };
    interfaces.ipv6.retain(|_, ipv6| *ipv6 != Ipv6::default());
    Some(done.map(|()| Reply::Nothing))
}

fn own(interfaces: &mut Interfaces, letter: Letter) -> &mut Ipv6 {
    interfaces.ipv6.entry(letter).or_default()
}

fn enable(interfaces: &mut Interfaces, letter: Letter) -> Result<(), Refusal> {
    let mtu = interfaces.link.get(&letter).cloned().unwrap_or_default().mtu.bytes();
    if mtu < LEAST_MTU {
        return Err(Refusal::new(Kind::Conflict, format!("IPv6 needs an MTU of at least {LEAST_MTU}, not {mtu}"))
            .hint(format!("raise it with `iface {letter} mtu 1500`")));
    }
    for address in own(interfaces, letter).addresses.clone() {
        free_subnet(interfaces, letter, address.subnet())?;
    }
    own(interfaces, letter).enabled = true;
    Ok(())
}

fn add(interfaces: &mut Interfaces, letter: Letter, address: Ipv6Prefix) -> Result<(), Refusal> {
    let set = &own(interfaces, letter).addresses;
    if set.iter().any(|other| other.address() == address.address()) {
        return Err(Refusal::new(Kind::Conflict, format!("Address already exists: {}", address.address()))
            .hint(format!("see `ipv6 {letter}`")));
    }
    if set.len() >= MAX_ADDRESSES {
        return Err(Refusal::new(Kind::Conflict, format!("Maximum of {MAX_ADDRESSES} addresses: {address} not added"))
            .hint(format!("see `ipv6 {letter}`")));
    }
    if own(interfaces, letter).router == Some(address.address()) {
        return Err(Refusal::new(Kind::Conflict, format!("{} is the router's address", address.address())));
    }
    free_subnet(interfaces, letter, address.subnet())?;
    let addresses = &mut own(interfaces, letter).addresses;
    addresses.push(address);
    addresses.sort();
    Ok(())
}

fn del(interfaces: &mut Interfaces, letter: Letter, address: Ipv6Addr) -> Result<(), Refusal> {
    let addresses = &mut own(interfaces, letter).addresses;
    let before = addresses.len();
    addresses.retain(|other| other.address() != address);
    if addresses.len() == before {
        return Err(Refusal::new(Kind::Absent, format!("No such address: {address}"))
            .hint(format!("list the addresses with `ipv6 {letter}`")));
    }
    Ok(())
}

/// No two interfaces may be in the same subnet (`mmp.md` section 3.1).
fn free_subnet(interfaces: &Interfaces, letter: Letter, subnet: Ipv6Subnet) -> Result<(), Refusal> {
    let taken = interfaces.ipv6.iter().find(|(other, ipv6)| {
        **other != letter && ipv6.enabled && ipv6.addresses.iter().any(|address| address.subnet().overlaps(&subnet))
    });
    match taken {
        None => Ok(()),
        Some((other, _)) => {
            Err(Refusal::new(Kind::Conflict, format!("Interface {other} is already in subnet {subnet}"))
                .hint(format!("see `ipv6 {other}`; free it with `ipv6 {other} del <address>`")))
        }
    }
}

fn add_router(interfaces: &mut Interfaces, letter: Letter, router: Ipv6Addr) -> Result<(), Refusal> {
    let ipv6 = own(interfaces, letter);
    // Until there are addresses, what is missing comes later and is no mistake.
    let reachable = router.is_unicast_link_local()
        || ipv6.addresses.is_empty()
        || ipv6.addresses.iter().any(|own| own.subnet().contains(router));
    if !reachable || ipv6.addresses.iter().any(|own| own.address() == router) {
        return Err(Refusal::new(Kind::BadValue, format!("Router {router} is not reachable from interface {letter}"))
            .hint("the router is link-local or in a subnet of the interface, and not the interface itself"));
    }
    ipv6.router = Some(router);
    Ok(())
}

fn del_router(interfaces: &mut Interfaces, letter: Letter, router: Ipv6Addr) -> Result<(), Refusal> {
    let ipv6 = own(interfaces, letter);
    if ipv6.router != Some(router) {
        return Err(
            Refusal::new(Kind::Absent, format!("No such router: {router}")).hint(format!("see `ipv6 {letter}`"))
        );
    }
    if !ipv6.slaac && !ipv6.routes.is_empty() {
        return Err(Refusal::new(Kind::Conflict, format!("Static routes of interface {letter} go through {router}"))
            .hint(format!("remove them first with `ipv6 {letter} route del <address>/<prefix length>`")));
    }
    ipv6.router = None;
    Ok(())
}

fn add_route(interfaces: &mut Interfaces, letter: Letter, subnet: Ipv6Subnet) -> Result<(), Refusal> {
    let routed = interfaces.ipv6.iter().find(|(_, ipv6)| ipv6.routes.contains(&subnet));
    if let Some((other, _)) = routed {
        return Err(Refusal::new(Kind::Conflict, format!("Route already exists: {subnet} on interface {other}")));
    }
    let ipv6 = own(interfaces, letter);
    if ipv6.router.is_none() && !ipv6.slaac {
        return Err(Refusal::new(Kind::Conflict, format!("Interface {letter} has no router to route through"))
            .hint(format!("set one with `ipv6 {letter} router add <router>`")));
    }
    ipv6.routes.push(subnet);
    ipv6.routes.sort();
    Ok(())
}

fn del_route(interfaces: &mut Interfaces, letter: Letter, subnet: Ipv6Subnet) -> Result<(), Refusal> {
    let ipv6 = own(interfaces, letter);
    let before = ipv6.routes.len();
    ipv6.routes.retain(|route| *route != subnet);
    if ipv6.routes.len() == before {
        return Err(Refusal::new(Kind::Absent, format!("No such route: {subnet}"))
            .hint(format!("list the routes with `ipv6 {letter}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, request::Iface};

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    fn ask(letter: &str, ask: Ask) -> Request {
        Request::Ipv6(letter.parse().unwrap(), ask)
    }

    fn add(letter: &str, address: &str) -> Request {
        ask(letter, Ask::Add(address.parse().unwrap()))
    }

    fn router(address: &str) -> Request {
        ask("a", Ask::RouterAdd(address.parse().unwrap()))
    }

    #[test]
    fn several_addresses_stand_side_by_side_but_none_twice() {
        let settings = after(&[add("a", "2001:db8::10/64"), add("a", "2001:db8:1::10/64")]);
        assert_eq!(settings.interfaces.ipv6[&Letter::A].addresses.len(), 2);
        assert_eq!(refused(&settings, &add("a", "2001:db8::10/48")), "Address already exists: 2001:db8::10");
        let gone = ask("a", Ask::Del("2001:db8::11".parse().unwrap()));
        assert_eq!(refused(&settings, &gone), "No such address: 2001:db8::11");
    }

    #[test]
    fn the_same_subnet_on_two_interfaces_is_refused_also_by_enable() {
        let settings = after(&[add("a", "2001:db8::10/64"), ask("a", Ask::Enable)]);
        assert_eq!(refused(&settings, &add("b", "2001:db8::11/64")), "Interface a is already in subnet 2001:db8::/64");
        let settings = after(&[add("b", "2001:db8::11/64"), add("a", "2001:db8::10/64"), ask("a", Ask::Enable)]);
        assert_eq!(refused(&settings, &ask("b", Ask::Enable)), "Interface a is already in subnet 2001:db8::/64");
    }

    #[test]
    fn a_router_is_on_the_link_and_a_second_replaces_the_first() {
        let settings = after(&[router("fe80::1"), add("a", "2001:db8::10/64"), router("2001:db8::1")]);
        assert_eq!(settings.interfaces.ipv6[&Letter::A].router, Some("2001:db8::1".parse().unwrap()));
        let far = refused(&settings, &router("2001:db8:9::1"));
        assert_eq!(far, "Router 2001:db8:9::1 is not reachable from interface a");
        assert!(refused(&settings, &router("2001:db8::10")).starts_with("Router 2001:db8::10 is not"));
    }

    #[test]
    fn routes_need_a_router_or_advertisements() {
        let route = ask("a", Ask::RouteAdd("2001:db8:9::/48".parse().unwrap()));
        let off = after(&[ask("a", Ask::Slaac(false))]);
        assert_eq!(refused(&off, &route), "Interface a has no router to route through");
        let settings = after(&[ask("a", Ask::Slaac(false)), router("fe80::1"), route.clone()]);
        assert_eq!(refused(&settings, &route), "Route already exists: 2001:db8:9::/48 on interface a");
        let gone = ask("a", Ask::RouterDel("fe80::1".parse().unwrap()));
        assert_eq!(refused(&settings, &gone), "Static routes of interface a go through fe80::1");
    }

    #[test]
    fn a_small_mtu_and_ipv6_exclude_each_other() {
        let mtu = Request::Iface(Letter::A, Iface::Mtu(1000.try_into().unwrap()));
        let small = after(std::slice::from_ref(&mtu));
        assert_eq!(refused(&small, &ask("a", Ask::Enable)), "IPv6 needs an MTU of at least 1280, not 1000");
        assert_eq!(refused(&after(&[ask("a", Ask::Enable)]), &mtu), "IPv6 needs an MTU of at least 1280, not 1000");
    }

    #[test]
    fn off_and_empty_leaves_no_trace() {
        let set = [add("a", "2001:db8::10/64"), ask("a", Ask::Enable)];
        let undone = [ask("a", Ask::Del("2001:db8::10".parse().unwrap())), ask("a", Ask::Disable)];
        assert_eq!(after(&[&set[..], &undone[..]].concat()), clean());
    }
}
