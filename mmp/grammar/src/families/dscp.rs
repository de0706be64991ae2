//! `dscp` (`mmp.md` section 8.2).

use mmp_control::{Request, request::Dscp};
use mmp_model::{
    InvalidValue,
    dscp::{CodePoint, IpVersion, TrafficType},
};

use crate::{
    action::Action,
    table::{Command, Family, Word, choice, literal, value, word},
};

/// `dscp`.
pub static DSCP: Family = Family {
    name: "dscp",
    summary: "Show and configure the DSCP values of outgoing packets",
    details: &[
        "Values are 0 to 63, decimal or hexadecimal after 0x. They apply to new flows at once.",
        "With 'assured true' voice and multimedia take the values of assured-voice and assured-multimedia.",
    ],
    commands: &[
        Command::show(&[], "Show all values", "dscp", |_| ask(Dscp::Show)),
        Command::set(
            &[
                choice("(4|6)", "Version of IP", &[literal("4", "IPv4 packets"), literal("6", "IPv6 packets")]),
                value::<TrafficType>("<traffic-type>", "Kind of traffic").or(&KINDS).part(),
                value::<CodePoint>("(<value>|none)", "0 to 63, decimal or 0x hexadecimal")
                    .or(&[literal("none", "No class: packets leave with DSCP 0")])
                    .part(),
            ],
            "Set or clear the value of a kind of traffic",
            "dscp 4 voice 0x2E",
            |v| {
                let version = if v[0] == "4" { IpVersion::V4 } else { IpVersion::V6 };
                let class = if v[2] == "none" { None } else { Some(v[2].parse()?) };
                ask(Dscp::Set(version, v[1].parse()?, class))
            },
        ),
        Command::set(
            &[
                word("assured"),
                choice(
                    "(true|false)",
                    "Use the assured values",
                    &[literal("true", "Use the assured values"), literal("false", "Use the plain values")],
                ),
            ],
            "Use the values of the assured kinds or not",
            "dscp assured true",
            |v| ask(Dscp::Assured(v[0] == "true")),
        ),
    ],
};

/// The kinds as the model words and describes them; a test holds the two together.
static KINDS: [Word; 8] = [
    literal("signaling", "SIP signaling"),
    literal("assured-voice", "audio of AS-SIP calls"),
    literal("voice", "audio"),
    literal("assured-multimedia", "video of AS-SIP calls"),
    literal("multimedia", "video"),
    literal("multimedia-streaming", "streaming and web media"),
    literal("low-latency", "XMPP and other low-latency control"),
    literal("oam", "management: SSH, SFTP, Web Admin, NTP, DNS, LDAP"),
];

fn ask(ask: Dscp) -> Result<Action, InvalidValue> {
    Ok(Request::Dscp(ask).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_models_kinds_and_descriptions() {
        for (word, kind) in KINDS.iter().zip(TrafficType::ALL) {
            assert_eq!((word.text, word.about), (kind.word(), kind.describe()));
        }
    }
}
