//! Interfaces for systemd-networkd: one `.network` file a letter.
//!
//! Routing follows `mmp.md` section 3.3: the default interface alone has the default route; a reply inside an accepted
//! TCP connection leaves on the interface that it came in on, by a table of its own for TCP from that address.

use std::{
    fmt::{Display, Write},
    net::Ipv4Addr,
    path::PathBuf,
};

use mmp_model::{
    Ipv4Prefix, Letter,
    interface::{Addressing, Interfaces, Ipv4},
};

use super::{File, Files, networkd6};

/// Where networkd reads what was made since boot.
pub const FOLDER: &str = "/run/systemd/network";
/// Routing table of `a`; the next letters have the next ones.
const FIRST_TABLE: u32 = 101;

/// One file for each letter of the platform.
pub fn files(interfaces: &Interfaces, letters: &[Letter]) -> Files {
    letters
        .iter()
        .map(|letter| {
            let content = network(*letter, interfaces);
            (PathBuf::from(format!("{FOLDER}/10-{letter}.network")), File::readable(content))
        })
        .collect()
}

fn network(letter: Letter, interfaces: &Interfaces) -> String {
    let link = interfaces.link.get(&letter).cloned().unwrap_or_default();
    let ipv4 = interfaces.ipv4.get(&letter).filter(|ipv4| ipv4.enabled).cloned().unwrap_or_default();
    let ipv6 = interfaces.ipv6.get(&letter).filter(|ipv6| ipv6.enabled);
    let default = interfaces.default == letter;
    let mut text = format!("[Match]\nName={letter}\n\n[Link]\nMTUBytes={}\n", link.mtu.bytes());
    let up = ipv4.addressing != Addressing::None || ipv6.is_some();
    writeln!(text, "ActivationPolicy={}", if up { "up" } else { "always-down" }).expect("text takes text");
    // Boot goes on without the network; a cable that is out must not hold the console.
    text.push_str("RequiredForOnline=no\n\n[Network]\nLLDP=no\n");
    text.push_str(networkd6::network(ipv6));
    let fixed_ipv6 = ipv6.is_some_and(|ipv6| !ipv6.addresses.is_empty());
    if matches!(ipv4.addressing, Addressing::Static { .. }) || (ipv4.addressing == Addressing::None && fixed_ipv6) {
        // A service can listen on its address while the cable is out.
        text.push_str("ConfigureWithoutCarrier=yes\n");
    }
    match &ipv4.addressing {
        Addressing::None => {}
        Addressing::Dhcp => dhcp(&mut text, &ipv4, default),
        Addressing::Static { address, gateway } => fixed(&mut text, letter, (*address, *gateway), &ipv4, default),
    }
    if let Some(ipv6) = ipv6 {
        networkd6::sections(&mut text, letter, ipv6, default);
    }
    text
}

/// Routing table of an interface's own, for TCP connections that came in on it.
pub fn table(letter: Letter) -> u32 {
    FIRST_TABLE + u32::from(letter.index())
}

fn fixed(text: &mut String, letter: Letter, (address, gateway): (Ipv4Prefix, Ipv4Addr), ipv4: &Ipv4, default: bool) {
    writeln!(text, "Address={address}").expect("text takes text");
    if default {
        route(text, &format!("Gateway={gateway}"));
    }
    for subnet in &ipv4.routes {
        route(text, &format!("Destination={subnet}\nGateway={gateway}"));
    }
    let table = table(letter);
    let (own, subnet) = (address.address(), address.subnet());
    route(text, &format!("Destination={subnet}\nScope=link\nPreferredSource={own}\nTable={table}"));
    route(text, &format!("Gateway={gateway}\nPreferredSource={own}\nTable={table}"));
    rule(text, own, table);
}

fn dhcp(text: &mut String, ipv4: &Ipv4, default: bool) {
    // The appliance's own name and resolver settings stay the administrator's.
    let gateway = if default { "yes" } else { "no" };
    write!(
        text,
        "DHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\nUseDNS=no\nUseNTP=no\nUseHostname=no\nUseDomains=no\n\
         UseTimezone=no\nUseRoutes=yes\nUseGateway={gateway}\nSendHostname=no\n"
    )
    .expect("text takes text");
    for subnet in &ipv4.routes {
        route(text, &format!("Destination={subnet}\nGateway=_dhcp4"));
    }
}

/// One route.
pub fn route(text: &mut String, body: &str) {
    write!(text, "\n[Route]\n{body}\n").expect("text takes text");
}

/// Replies from an own address inside a TCP connection go by the interface's own table.
pub fn rule(text: &mut String, own: impl Display, table: u32) {
    writeln!(text, "\n[RoutingPolicyRule]\nFrom={own}\nIPProtocol=tcp\nTable={table}\nPriority={table}")
        .expect("text takes text");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Vec<Letter> {
        text.chars().map(|c| c.to_string().parse().unwrap()).collect()
    }

    fn fixed(address: &str, gateway: &str) -> Ipv4 {
        let addressing = Addressing::Static { address: address.parse().unwrap(), gateway: gateway.parse().unwrap() };
        Ipv4 { enabled: true, addressing, routes: vec!["198.51.100.0/24".parse().unwrap()] }
    }

    #[test]
    fn a_clean_system_asks_dhcp_on_a_and_keeps_the_rest_down() {
        let files = files(&Interfaces::default(), &letters("ab"));
        let texts: Vec<_> = files.values().map(|f| f.content.as_str()).collect();
        assert!(
            texts[0].contains("Name=a\n") && texts[0].contains("DHCP=ipv4\n") && texts[0].contains("UseGateway=yes")
        );
        assert!(texts[1].contains("Name=b\n") && texts[1].contains("ActivationPolicy=always-down\n"));
        assert!(!texts[1].contains("DHCP="));
    }

    #[test]
    fn only_the_default_interface_has_the_default_route_and_each_answers_tcp_by_itself() {
        let mut interfaces = Interfaces::default();
        interfaces.ipv4.insert("a".parse().unwrap(), fixed("192.0.2.10/24", "192.0.2.1"));
        interfaces.ipv4.insert("b".parse().unwrap(), fixed("203.0.113.10/24", "203.0.113.1"));
        let files = files(&interfaces, &letters("ab"));
        let texts: Vec<_> = files.values().map(|f| f.content.as_str()).collect();
        assert!(texts[0].contains("\n[Route]\nGateway=192.0.2.1\n\n"));
        assert!(!texts[1].contains("\n[Route]\nGateway=203.0.113.1\n\n"));
        assert!(texts[1].contains("From=203.0.113.10\nIPProtocol=tcp\nTable=102\n"));
        assert!(texts[1].contains("Gateway=203.0.113.1\nPreferredSource=203.0.113.10\nTable=102\n"));
        assert!(texts[1].contains("Destination=198.51.100.0/24\nGateway=203.0.113.1\n"));
    }

    #[test]
    fn a_disabled_interface_is_down_whatever_else_is_set() {
        let mut interfaces = Interfaces::default();
        interfaces.ipv4.insert(Letter::A, Ipv4 { enabled: false, ..fixed("192.0.2.10/24", "192.0.2.1") });
        let files = files(&interfaces, &letters("a"));
        let text = &files.values().next().unwrap().content;
        assert!(text.contains("ActivationPolicy=always-down") && !text.contains("Address="));
    }
}
