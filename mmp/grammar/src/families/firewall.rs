//! `firewall` (`mmp.md` section 8.3).

use mmp_control::{
    Request,
    request::{Firewall, Live},
};
use mmp_model::{
    InvalidValue,
    firewall::{Service, source},
};

use super::INTERFACE;
use crate::{
    action::Action,
    table::{Command, Family, Part, checked, choice, literal, value, word},
};

const POLICY: Part = choice(
    "(allow|deny)",
    "What is done with packets",
    &[literal("allow", "Take packets"), literal("deny", "Drop packets without an answer")],
);
const PORT: Part =
    value::<Service>("<port>[/(tcp|udp)]", "1 to 65535 or a name such as ssh; TCP unless the name or /udp says so")
        .part();

/// `firewall`.
pub static FIREWALL: Family = Family {
    name: "firewall",
    summary: "Show and configure which packets an interface takes",
    details: &[
        "Rules are tried in order; the first that matches decides, and the default policy where none does.",
        "Changes apply at once: denying ssh on the interface in use ends the login. 'try' before a command is safe.",
        "Answers to what the appliance itself asked always pass, and so does the ICMP that networks need.",
        "A rule with 'from' is for IPv4; every other rule, and the default policy, is for IPv4 and IPv6.",
    ],
    commands: &[
        Command::show(&[INTERFACE], "Show policy and rules", "firewall a", |v| ask(v, Firewall::Show)),
        Command::set(
            &[INTERFACE, word("default"), POLICY],
            "Set what happens to packets that no rule matches",
            "firewall a default allow",
            |v| ask(v, Firewall::Default(v[1].parse()?)),
        ),
        Command::set(
            &[
                INTERFACE,
                choice(
                    "(enable|disable)",
                    "Put the firewall in force or not",
                    &[literal("enable", "Put it in force"), literal("disable", "Take all packets, and keep the rules")],
                ),
            ],
            "Put the firewall in force or not",
            "firewall a enable",
            |v| ask(v, if v[1] == "enable" { Firewall::Enable } else { Firewall::Disable }),
        ),
        Command::set(&[INTERFACE, POLICY, PORT], "Add a rule", "firewall a deny 80", |v| {
            ask(v, Firewall::Add(v[1].parse()?, v[2].parse()?, None))
        }),
        Command::set(
            &[
                INTERFACE,
                POLICY,
                PORT,
                word("from"),
                checked("<address>[/<prefix length>]", "One IPv4 host, or a network", |w| source(w).map(drop)).part(),
            ],
            "Add a rule for packets from somewhere",
            "firewall a allow ssh from 10.0.2.0/24",
            |v| ask(v, Firewall::Add(v[1].parse()?, v[2].parse()?, Some(source(&v[3])?))),
        ),
        Command::set(
            &[
                INTERFACE,
                word("delete"),
                checked("<tag>", "Number of the rule", |w| tag(w).map(drop)).live(Live::FirewallTags).part(),
            ],
            "Remove a rule",
            "firewall a delete 0",
            |v| ask(v, Firewall::Delete(tag(&v[1])?)),
        ),
    ],
};

fn tag(text: &str) -> Result<u16, InvalidValue> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| InvalidValue::new("Invalid tag", text))
}

fn ask(values: &[String], ask: Firewall) -> Result<Action, InvalidValue> {
    Ok(Request::Firewall(values[0].parse()?, ask).into())
}
