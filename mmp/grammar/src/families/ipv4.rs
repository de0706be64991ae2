//! `ipv4` (`mmp.md` section 6.2).

use mmp_control::{
    Request,
    request::{Ipv4, Live},
};
use mmp_model::{InvalidValue, Ipv4Prefix, Subnet, address};

use super::INTERFACE;
use crate::{
    action::Action,
    table::{Command, Family, Part, checked, choice, group, literal, value, word},
};

const SUBNET: Part = value::<Subnet>("<address>/<prefix length>", "Network to reach, /32 for one host").part();

/// `ipv4`.
pub static IPV4: Family = Family {
    name: "ipv4",
    summary: "Show and configure IPv4 on network interfaces",
    details: &[
        "Changes apply at once; an SSH session over a changed address ends.",
        "'add' replaces the address before it, turns DHCP off and the interface on.",
        "Packets to networks that are neither connected nor routed leave through the default interface.",
    ],
    commands: &[
        Command::show(&[INTERFACE], "Show configured and observed IPv4 values", "ipv4 a", |v| ask(v, Ipv4::Show)),
        Command::set(
            &[
                INTERFACE,
                word("add"),
                value::<Ipv4Prefix>("<address>/<prefix length>", "Own address and prefix length: 192.0.2.10/24").part(),
                checked("<gateway>", "Address of the next hop, in the same subnet", |w| address::ipv4(w).map(drop))
                    .part(),
            ],
            "Set a static address and its gateway",
            "ipv4 a add 192.0.2.10/24 192.0.2.1",
            |v| ask(v, Ipv4::Add(v[1].parse()?, address::ipv4(&v[2])?)),
        ),
        Command::set(&[INTERFACE, word("del")], "Remove the address", "ipv4 a del", |v| ask(v, Ipv4::Del)),
        Command::set(&[INTERFACE, word("dhcp")], "Take the address from a DHCP server", "ipv4 a dhcp", |v| {
            ask(v, Ipv4::Dhcp)
        }),
        Command::set(
            &[
                INTERFACE,
                choice(
                    "(enable|disable)",
                    "Turn the interface on or off",
                    &[literal("enable", "Turn IPv4 on"), literal("disable", "Turn IPv4 off and keep its settings")],
                ),
            ],
            "Turn IPv4 on or off",
            "ipv4 a enable",
            |v| ask(v, if v[1] == "enable" { Ipv4::Enable } else { Ipv4::Disable }),
        ),
        Command::set(&[INTERFACE, word("default")], "Make it the interface of last resort", "ipv4 a default", |v| {
            ask(v, Ipv4::Default)
        }),
        Command::set(
            &[INTERFACE, group("route", "Static routes"), word("add"), SUBNET],
            "Add a static route through the interface's gateway",
            "ipv4 a route add 198.51.100.0/24",
            |v| ask(v, Ipv4::RouteAdd(v[1].parse()?)),
        ),
        Command::set(
            &[
                INTERFACE,
                group("route", "Static routes"),
                word("del"),
                value::<Subnet>("<address>/<prefix length>", "Network of the route").live(Live::Routes).part(),
            ],
            "Remove a static route",
            "ipv4 a route del 198.51.100.0/24",
            |v| ask(v, Ipv4::RouteDel(v[1].parse()?)),
        ),
    ],
};

fn ask(values: &[String], ask: Ipv4) -> Result<Action, InvalidValue> {
    Ok(Request::Ipv4(values[0].parse()?, ask).into())
}
