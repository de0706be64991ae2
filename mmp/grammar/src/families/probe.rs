//! `ping` and `traceroute` (`mmp.md` section 8.1).

use mmp_control::{Request, request::Probe};

use super::HOST;
use crate::table::{Command, Family};

/// `ping`.
pub static PING: Family = Family {
    name: "ping",
    summary: "Send four echo requests to a host",
    details: &["Ctrl-C ends it early."],
    commands: &[Command::set(&[HOST.part()], "Send four echo requests", "ping 192.0.2.1", |v| {
        Ok(Request::Probe(Probe::Ping, v[0].parse()?).into())
    })
    .streaming()],
};

/// `traceroute`.
pub static TRACEROUTE: Family = Family {
    name: "traceroute",
    summary: "Show the way to a host",
    details: &["Ctrl-C ends it early."],
    commands: &[Command::set(&[HOST.part()], "Show the routers on the way", "traceroute 192.0.2.1", |v| {
        Ok(Request::Probe(Probe::Traceroute, v[0].parse()?).into())
    })
    .streaming()],
};
