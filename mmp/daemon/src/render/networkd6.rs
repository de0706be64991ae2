//! The IPv6 part of an interface's `.network` file.
//!
//! networkd itself reads routers' advertisements, the kernel's own reading being off: addresses come from them, and the
//! default route on the default interface alone. Name servers and domains stay the administrator's.

use std::fmt::Write;

use mmp_model::{Ipv6Prefix, Letter, ipv6::Ipv6};

use super::networkd::{route, rule, table};

/// Keys for the `[Network]` section. An interface without IPv6 has no link-local address either.
pub fn network(ipv6: Option<&Ipv6>) -> &'static str {
    match ipv6 {
        None => "LinkLocalAddressing=no\nIPv6AcceptRA=no\n",
        Some(Ipv6 { slaac: false, .. }) => "LinkLocalAddressing=ipv6\nIPv6AcceptRA=no\n",
        Some(_) => "LinkLocalAddressing=ipv6\nIPv6AcceptRA=yes\n",
    }
}

/// Sections of its own.
pub fn sections(text: &mut String, letter: Letter, ipv6: &Ipv6, default: bool) {
    for address in &ipv6.addresses {
        write!(text, "\n[Address]\nAddress={address}\n").expect("text takes text");
    }
    if ipv6.slaac {
        let gateway = if default && ipv6.router.is_none() { "yes" } else { "no" };
        write!(text, "\n[IPv6AcceptRA]\nUseDNS=no\nUseDomains=no\nDHCPv6Client=no\nUseGateway={gateway}\n")
            .expect("text takes text");
    }
    let Some(router) = ipv6.router else {
        if ipv6.slaac {
            for subnet in &ipv6.routes {
                route(text, &format!("Destination={subnet}\nGateway=_ipv6ra"));
            }
        }
        return;
    };
    // On the link by the administrator's word: an address that is deleted later must not take the route's place away.
    let hop = format!("Gateway={router}\nGatewayOnLink=yes");
    if default {
        route(text, &hop);
    }
    for subnet in &ipv6.routes {
        route(text, &format!("Destination={subnet}\n{hop}"));
    }
    if ipv6.addresses.is_empty() {
        return;
    }
    let table = table(letter);
    let mut subnets: Vec<_> = ipv6.addresses.iter().map(Ipv6Prefix::subnet).collect();
    subnets.sort();
    subnets.dedup();
    for subnet in subnets {
        route(text, &format!("Destination={subnet}\nTable={table}"));
    }
    route(text, &format!("{hop}\nTable={table}"));
    for address in &ipv6.addresses {
        rule(text, address.address(), table);
    }
}

#[cfg(test)]
mod tests {
    use mmp_model::interface::Interfaces;

    use super::*;
    use crate::render::networkd;

    fn rendered(ipv6: Ipv6) -> String {
        let mut interfaces = Interfaces::default();
        interfaces.ipv4.clear();
        interfaces.ipv6.insert(Letter::A, ipv6);
        networkd::files(&interfaces, &[Letter::A]).into_values().next().unwrap().content
    }

    fn on() -> Ipv6 {
        Ipv6 { enabled: true, ..Ipv6::default() }
    }

    #[test]
    fn until_it_is_enabled_there_is_no_ipv6_whatever_is_set() {
        let text = rendered(Ipv6 { addresses: vec!["2001:db8::10/64".parse().unwrap()], ..Ipv6::default() });
        assert!(text.contains("LinkLocalAddressing=no\nIPv6AcceptRA=no\n") && text.contains("always-down"), "{text}");
        assert!(!text.contains("2001:db8"));
    }

    #[test]
    fn enabled_alone_means_advertisements() {
        let text = rendered(on());
        assert!(text.contains("ActivationPolicy=up\n") && text.contains("IPv6AcceptRA=yes\n"));
        assert!(text.contains("UseDNS=no\nUseDomains=no\nDHCPv6Client=no\nUseGateway=yes\n"));
    }

    #[test]
    fn a_static_router_goes_before_an_advertised_one_and_answers_tcp_by_its_own_table() {
        let router = Some("fe80::1".parse().unwrap());
        let addresses = vec!["2001:db8::10/64".parse().unwrap(), "2001:db8::11/64".parse().unwrap()];
        let text = rendered(Ipv6 { router, addresses, ..on() });
        assert!(text.contains("UseGateway=no\n"));
        assert!(text.contains("\n[Route]\nGateway=fe80::1\nGatewayOnLink=yes\n\n"));
        assert_eq!(text.matches("Destination=2001:db8::/64\nTable=101\n").count(), 1);
        assert!(text.contains("From=2001:db8::11\nIPProtocol=tcp\nTable=101\n"));
    }

    #[test]
    fn static_routes_follow_the_advertised_router() {
        let text = rendered(Ipv6 { routes: vec!["2001:db8:9::/48".parse().unwrap()], ..on() });
        assert!(text.contains("\n[Route]\nDestination=2001:db8:9::/48\nGateway=_ipv6ra\n"));
    }
}
