//! Changes of addresses and routes (`mmp.md` sections 6.2 and 3.3).

use mmp_control::{Kind, Refusal, Reply, request::Ipv4 as Ask};
use mmp_model::{
    Letter, Subnet,
    interface::{Addressing, Interfaces, Ipv4},
};

pub fn change(interfaces: &mut Interfaces, letter: Letter, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    let done = match ask {
        Ask::Show => return None,
        Ask::Add(address, gateway) => {
            add(interfaces, letter, Addressing::Static { address: *address, gateway: *gateway })
        }
        Ask::Del => {
            own(interfaces, letter).addressing = Addressing::None;
            Ok(())
        }
        Ask::Dhcp => {
            let ipv4 = own(interfaces, letter);
            (ipv4.addressing, ipv4.enabled) = (Addressing::Dhcp, true);
            Ok(())
        }
        Ask::Enable => enable(interfaces, letter),
        Ask::Disable => {
            own(interfaces, letter).enabled = false;
            Ok(())
        }
        Ask::Default => {
            interfaces.default = letter;
            Ok(())
        }
        Ask::RouteAdd(subnet) => add_route(interfaces, letter, *subnet),
        Ask::RouteDel(subnet) => del_route(interfaces, letter, *subnet),
    };
    interfaces.ipv4.retain(|_, ipv4| *ipv4 != Ipv4::default());
    Some(done.map(|()| Reply::Nothing))
}

fn own(interfaces: &mut Interfaces, letter: Letter) -> &mut Ipv4 {
    interfaces.ipv4.entry(letter).or_default()
}

fn add(interfaces: &mut Interfaces, letter: Letter, addressing: Addressing) -> Result<(), Refusal> {
    let Addressing::Static { address, gateway } = &addressing else { return Ok(()) };
    let reachable = address.length() < 32 && address.subnet().contains(*gateway) && *gateway != address.address();
    if !reachable {
        return Err(Refusal::new(Kind::BadValue, format!("Gateway {gateway} is not reachable from {address}"))
            .hint("the gateway is an address of the same subnet, other than the interface's own"));
    }
    free_subnet(interfaces, letter, address.subnet())?;
    let ipv4 = own(interfaces, letter);
    (ipv4.addressing, ipv4.enabled) = (addressing, true);
    Ok(())
}

/// No two interfaces may be in the same subnet (`mmp.md` section 3.1).
fn free_subnet(interfaces: &Interfaces, letter: Letter, subnet: Subnet) -> Result<(), Refusal> {
    let taken = interfaces.ipv4.iter().find(|(other, ipv4)| {
        **other != letter
            && ipv4.enabled
            && matches!(&ipv4.addressing, Addressing::Static { address, .. } if address.subnet().overlaps(&subnet))
    });
    match taken {
        None => Ok(()),
        Some((other, _)) => {
            Err(Refusal::new(Kind::Conflict, format!("Interface {other} is already in subnet {subnet}"))
                .hint(format!("see `ipv4 {other}`; free it with `ipv4 {other} del`")))
        }
    }
}

fn enable(interfaces: &mut Interfaces, letter: Letter) -> Result<(), Refusal> {
    if let Addressing::Static { address, .. } = own(interfaces, letter).addressing {
        free_subnet(interfaces, letter, address.subnet())?;
    }
    own(interfaces, letter).enabled = true;
    Ok(())
}

fn add_route(interfaces: &mut Interfaces, letter: Letter, subnet: Subnet) -> Result<(), Refusal> {
    let routed = interfaces.ipv4.iter().find(|(_, ipv4)| ipv4.routes.contains(&subnet));
    if let Some((other, _)) = routed {
        return Err(Refusal::new(Kind::Conflict, format!("Route already exists: {subnet} on interface {other}")));
    }
    let ipv4 = own(interfaces, letter);
    if ipv4.addressing == Addressing::None {
        return Err(Refusal::new(Kind::Conflict, format!("Interface {letter} has no gateway to route through"))
            .hint(format!("set one with `ipv4 {letter} add <address>/<prefix length> <gateway>`")));
    }
    ipv4.routes.push(subnet);
    ipv4.routes.sort();
    Ok(())
}

fn del_route(interfaces: &mut Interfaces, letter: Letter, subnet: Subnet) -> Result<(), Refusal> {
    let ipv4 = own(interfaces, letter);
    let before = ipv4.routes.len();
    ipv4.routes.retain(|route| *route != subnet);
    if ipv4.routes.len() == before {
        return Err(Refusal::new(Kind::Absent, format!("No such route: {subnet}"))
            .hint(format!("list the routes with `ipv4 {letter}`")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    fn ask(letter: &str, ask: Ask) -> Request {
        Request::Ipv4(letter.parse().unwrap(), ask)
    }

    fn add(letter: &str, address: &str, gateway: &str) -> Request {
        ask(letter, Ask::Add(address.parse().unwrap(), gateway.parse().unwrap()))
    }

    fn route(subnet: &str) -> Request {
        ask("a", Ask::RouteAdd(subnet.parse().unwrap()))
    }

    #[test]
    fn add_replaces_dhcp_and_a_second_add_the_first() {
        let settings = after(&[add("a", "192.0.2.9/24", "192.0.2.1"), add("a", "192.0.2.10/24", "192.0.2.1")]);
        let a = &settings.interfaces.ipv4[&Letter::A];
        assert!(a.enabled);
        assert!(matches!(&a.addressing, Addressing::Static { address, .. } if address.to_string() == "192.0.2.10/24"));
    }

    #[test]
    fn a_gateway_outside_the_subnet_is_refused() {
        assert_eq!(
            refused(&clean(), &add("a", "192.0.2.10/24", "198.51.100.1")),
            "Gateway 198.51.100.1 is not reachable from 192.0.2.10/24"
        );
        assert!(refused(&clean(), &add("a", "192.0.2.10/24", "192.0.2.10")).starts_with("Gateway 192.0.2.10 is not"));
    }

    #[test]
    fn the_same_subnet_twice_is_refused_also_by_enable() {
        let settings = after(&[add("a", "192.0.2.10/24", "192.0.2.1")]);
        let second = add("b", "192.0.2.130/25", "192.0.2.129");
        assert_eq!(refused(&settings, &second), "Interface a is already in subnet 192.0.2.128/25");
        let settings = after(&[
            add("b", "192.0.2.10/24", "192.0.2.1"),
            ask("b", Ask::Disable),
            add("a", "192.0.2.11/24", "192.0.2.1"),
        ]);
        assert_eq!(refused(&settings, &ask("b", Ask::Enable)), "Interface a is already in subnet 192.0.2.0/24");
    }

    #[test]
    fn disable_keeps_the_settings() {
        let set = [add("a", "192.0.2.10/24", "192.0.2.1")];
        let toggled = [set[0].clone(), ask("a", Ask::Disable), ask("a", Ask::Enable)];
        assert_eq!(after(&set), after(&toggled));
    }

    #[test]
    fn routes_are_added_once_and_need_a_gateway() {
        let settings = after(&[add("a", "192.0.2.10/24", "192.0.2.1"), route("198.51.100.7/24")]);
        assert_eq!(
            refused(&settings, &route("198.51.100.0/24")),
            "Route already exists: 198.51.100.0/24 on interface a"
        );
        let settings = after(&[ask("a", Ask::Del)]);
        assert_eq!(refused(&settings, &route("198.51.100.0/24")), "Interface a has no gateway to route through");
        let gone = ask("a", Ask::RouteDel("198.51.100.0/24".parse().unwrap()));
        assert_eq!(refused(&clean(), &gone), "No such route: 198.51.100.0/24");
    }
}
