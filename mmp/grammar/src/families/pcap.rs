//! `pcap` (`mmp.md` section 22). Filter and bounds are ours.

use mmp_control::{Request, request::Pcap};
use mmp_model::{
    InvalidValue,
    capture::{Filter, Megabytes, Seconds},
};

use super::INTERFACE;
use crate::{
    action::Action,
    table::{Command, Family, Part, group, value},
};

const LIMIT: Part = group("limit", "Bounds of the capture");
const SIZE: Part = value::<Megabytes>("<MB>", "Largest file in MB, 1 to 100000").part();
const TIME: Part = value::<Seconds>("<seconds>", "Longest time, 1 to 86400 seconds").part();
const WHICH: Part = group("filter", "Keep some packets only");
const FILTER: Part = value::<Filter>("<filter>", "Tests joined by and, or: host 192.0.2.1 and not port 22").rest();

/// `pcap`.
pub static PCAP: Family = Family {
    name: "pcap",
    summary: "Capture the packets of an interface to a file",
    details: &[
        "Ctrl-C ends it, and so does the end of the session; the file is in the SFTP folder.",
        "Without limits it goes on until 128 MB are left free. One capture runs at a time.",
        "A filter is made of: host <address>, net <address>/<length>, port <number>, tcp, udp, icmp, ip, ip6, arp.",
        "'not' stands before a test; 'and' and 'or' join from left to right.",
    ],
    commands: &[
        Command::set(&[INTERFACE], "Capture all packets", "pcap a", |v| ask(v, Pcap::default())).streaming(),
        Command::set(&[INTERFACE, LIMIT, SIZE, TIME], "Capture within bounds", "pcap a limit 100 60", |v| {
            ask(v, Pcap { filter: None, ..limited(v)? })
        })
        .streaming(),
        Command::set(&[INTERFACE, WHICH, FILTER], "Capture some packets", "pcap a filter port 53", |v| {
            ask(v, Pcap { filter: Some(v[1].parse()?), ..Pcap::default() })
        })
        .streaming(),
        Command::set(
            &[INTERFACE, LIMIT, SIZE, TIME, WHICH, FILTER],
            "Capture some packets within bounds",
            "pcap a limit 100 60 filter host 192.0.2.1 and udp",
            |v| ask(v, Pcap { filter: Some(v[3].parse()?), ..limited(v)? }),
        )
        .streaming(),
    ],
};

fn limited(values: &[String]) -> Result<Pcap, InvalidValue> {
    Ok(Pcap { size: Some(values[1].parse()?), time: Some(values[2].parse()?), filter: None })
}

fn ask(values: &[String], ask: Pcap) -> Result<Action, InvalidValue> {
    Ok(Request::Pcap(values[0].parse()?, ask).into())
}
