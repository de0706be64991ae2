//! `ntp` (`mmp.md` section 8.5).

use mmp_control::{
    Request,
    request::{Live, Ntp},
};
use mmp_model::{FileName, InvalidValue};

use super::HOST;
use crate::{
    action::Action,
    table::{Command, Family, Part, choice, group, literal, value, word},
};

const SERVER: Part = group("server", "Time servers");

/// `ntp`.
pub static NTP: Family = Family {
    name: "ntp",
    summary: "Show and configure time synchronisation",
    details: &["Changes apply at once. At most 5 servers."],
    commands: &[
        Command::set(
            &[SERVER, word("add"), HOST.part()],
            "Add a time server",
            "ntp server add ntp1.example.com",
            |v| ask(Ntp::Add(v[0].parse()?)),
        ),
        Command::set(
            &[SERVER, word("del"), HOST.live(Live::NtpServers).part()],
            "Remove a time server",
            "ntp server del ntp1.example.com",
            |v| ask(Ntp::Del(v[0].parse()?)),
        ),
        Command::show(&[SERVER, word("list")], "List the time servers", "ntp server list", |_| ask(Ntp::List)),
        Command::show(&[word("status")], "Show what the clock follows", "ntp status", |_| ask(Ntp::Status)),
        Command::set(
            &[
                word("groupkey"),
                value::<FileName>("(<key-file>|none)", "Uploaded file with the key shared with all servers")
                    .or(&[literal("none", "No key")])
                    .live(Live::Files)
                    .part(),
            ],
            "Set or clear the symmetric key",
            "ntp groupkey ntp.key",
            |v| ask(Ntp::GroupKey(if v[0] == "none" { None } else { Some(v[0].parse()?) })),
        ),
        Command::set(
            &[
                word("autokey"),
                choice("(enable|disable)", "Autokey", &[literal("enable", "Use it"), literal("disable", "Do without")]),
            ],
            "Turn Autokey on or off",
            "ntp autokey disable",
            |v| ask(Ntp::Autokey(v[0] == "enable")),
        ),
    ],
};

fn ask(ask: Ntp) -> Result<Action, InvalidValue> {
    Ok(Request::Ntp(ask).into())
}
