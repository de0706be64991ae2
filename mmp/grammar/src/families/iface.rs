//! `iface` (`mmp.md` section 6.1).

use mmp_control::{Request, request::Iface};
use mmp_model::interface::{Duplex, LinkMode, Mtu, Speed};

use super::INTERFACE;
use crate::{
    action::Action,
    table::{Command, Family, choice, group, literal, value, word},
};

/// `iface`.
pub static IFACE: Family = Family {
    name: "iface",
    summary: "Show and configure network interfaces",
    details: &["Link mode and MTU apply at once. The MTU is 576 to 1500 bytes."],
    commands: &[
        Command::show(&[INTERFACE], "Show MAC address, link mode and MTU", "iface a", |v| {
            Ok(Request::Iface(v[0].parse()?, Iface::Show).into())
        }),
        Command::set(
            &[
                INTERFACE,
                value::<Speed>("<speed>", "Mbit/s of a fixed link mode: 10, 100, 1000 or 10000").part(),
                choice("(full|half)", "Duplex", &[literal("full", "Full duplex"), literal("half", "Half duplex")]),
            ],
            "Set a fixed link mode",
            "iface a 1000 full",
            |v| {
                let duplex = if v[2] == "full" { Duplex::Full } else { Duplex::Half };
                mode(&v[0], LinkMode::Fixed(v[1].parse()?, duplex))
            },
        ),
        Command::set(
            &[
                INTERFACE,
                word("autoneg"),
                choice(
                    "(on|off)",
                    "Auto-negotiation",
                    &[literal("on", "Negotiate"), literal("off", "Do not negotiate")],
                ),
            ],
            "Turn auto-negotiation on or off",
            "iface a autoneg on",
            |v| mode(&v[0], if v[1] == "on" { LinkMode::Auto } else { LinkMode::Off }),
        ),
        Command::set(
            &[INTERFACE, group("mtu", "Set the largest packet"), value::<Mtu>("<bytes>", "576 to 1500").part()],
            "Set the largest packet",
            "iface a mtu 1400",
            |v| Ok(Request::Iface(v[0].parse()?, Iface::Mtu(v[1].parse()?)).into()),
        ),
    ],
};

fn mode(interface: &str, mode: LinkMode) -> Result<Action, mmp_model::InvalidValue> {
    Ok(Request::Iface(interface.parse()?, Iface::Mode(mode)).into())
}
