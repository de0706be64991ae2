//! `ipv6` (`mmp.md` section 6.3).

use std::net::Ipv6Addr;

use mmp_control::{
    Request,
    request::{Ipv6, Live},
};
use mmp_model::{InvalidValue, Ipv6Prefix, Ipv6Subnet, address6};

use super::INTERFACE;
use crate::{
    action::Action,
    table::{Command, Family, Part, checked, choice, group, literal, value, word},
};

const SUBNET: Part = value::<Ipv6Subnet>("<address>/<prefix length>", "Network to reach, /128 for one host").part();
const ON_OFF: Part = choice(
    "(enable|disable)",
    "Turn IPv6 on or off",
    &[literal("enable", "Turn IPv6 on"), literal("disable", "Turn IPv6 off and keep its settings")],
);

/// `ipv6`.
pub static IPV6: Family = Family {
    name: "ipv6",
    summary: "Show and configure IPv6 on network interfaces",
    details: &[
        "Changes apply at once; an SSH session over a changed address ends.",
        "Once enabled, addresses and the default route come from routers' advertisements (SLAAC), beside static ones.",
        "With SLAAC off, static addresses and a static router are needed. A static router goes before an advertised one.",
        "The interface of last resort is that of IPv4: see 'ipv4 <interface> default'.",
    ],
    commands: &[
        Command::show(&[INTERFACE], "Show configured and observed IPv6 values", "ipv6 a", |v| ask(v, Ipv6::Show)),
        Command::set(&[INTERFACE, ON_OFF], "Turn IPv6 on or off", "ipv6 a enable", |v| {
            ask(v, if v[1] == "enable" { Ipv6::Enable } else { Ipv6::Disable })
        }),
        Command::set(
            &[
                INTERFACE,
                word("slaac"),
                choice(
                    "(enable|disable)",
                    "Use routers' advertisements",
                    &[literal("enable", "Use them"), literal("disable", "Use static addresses alone")],
                ),
            ],
            "Take addresses from routers' advertisements or not",
            "ipv6 a slaac enable",
            |v| ask(v, Ipv6::Slaac(v[1] == "enable")),
        ),
        Command::set(
            &[
                INTERFACE,
                word("add"),
                value::<Ipv6Prefix>("<address>/<prefix length>", "Own address and prefix length: 2001:db8::10/64")
                    .part(),
            ],
            "Add a static address",
            "ipv6 a add 2001:db8::10/64",
            |v| ask(v, Ipv6::Add(v[1].parse()?)),
        ),
        Command::set(
            &[
                INTERFACE,
                word("del"),
                checked("<address>", "Own address, its prefix length may follow", |w| bare(w).map(drop))
                    .live(Live::Ipv6Addresses)
                    .part(),
            ],
            "Remove a static address",
            "ipv6 a del 2001:db8::10",
            |v| ask(v, Ipv6::Del(bare(&v[1])?)),
        ),
        Command::set(
            &[
                INTERFACE,
                group("router", "Static router"),
                word("add"),
                checked("<router>", "Address of the next hop, link-local or in a subnet of the interface", |w| {
                    address6::router(w).map(drop)
                })
                .part(),
            ],
            "Set the static router",
            "ipv6 a router add fe80::1",
            |v| ask(v, Ipv6::RouterAdd(address6::router(&v[1])?)),
        ),
        Command::set(
            &[
                INTERFACE,
                group("router", "Static router"),
                word("del"),
                checked("<router>", "Address of the router", |w| address6::router(w).map(drop))
                    .live(Live::Ipv6Routers)
                    .part(),
            ],
            "Remove the static router",
            "ipv6 a router del fe80::1",
            |v| ask(v, Ipv6::RouterDel(address6::router(&v[1])?)),
        ),
        Command::set(
            &[INTERFACE, group("route", "Static routes"), word("add"), SUBNET],
            "Add a static route through the interface's router",
            "ipv6 a route add 2001:db8:1::/48",
            |v| ask(v, Ipv6::RouteAdd(v[1].parse()?)),
        ),
        Command::set(
            &[
                INTERFACE,
                group("route", "Static routes"),
                word("del"),
                value::<Ipv6Subnet>("<address>/<prefix length>", "Network of the route").live(Live::Ipv6Routes).part(),
            ],
            "Remove a static route",
            "ipv6 a route del 2001:db8:1::/48",
            |v| ask(v, Ipv6::RouteDel(v[1].parse()?)),
        ),
    ],
};

/// An address, whose prefix length says no more than the address does.
fn bare(text: &str) -> Result<Ipv6Addr, InvalidValue> {
    if text.contains('/') { text.parse::<Ipv6Prefix>().map(|prefix| prefix.address()) } else { address6::ipv6(text) }
}

fn ask(values: &[String], ask: Ipv6) -> Result<Action, InvalidValue> {
    Ok(Request::Ipv6(values[0].parse()?, ask).into())
}
