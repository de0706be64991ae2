//! The command table, one file a family.
//!
//! Invariant: this is the only place that lists families; the order is that of `help`.

use mmp_control::request::Live;
use mmp_model::{Host, Letter, Username};

use crate::table::{Family, Part, Value, value};

mod backup;
mod clock;
mod dns;
mod dscp;
mod firewall;
mod hostname;
mod iface;
mod ipv4;
mod ipv6;
mod license;
mod ntp;
mod pcap;
mod pki;
mod power;
mod probe;
mod recovery;
pub mod restore;
mod session;
mod ssh;
mod status;
mod syslog;
mod text;
mod user;
mod webadmin;

/// All families.
pub static ALL: &[&Family] = &[
    &iface::IFACE,
    &ipv4::IPV4,
    &ipv6::IPV6,
    &dns::DNS,
    &probe::PING,
    &probe::TRACEROUTE,
    &pcap::PCAP,
    &dscp::DSCP,
    &firewall::FIREWALL,
    &hostname::HOSTNAME,
    &ntp::NTP,
    &clock::TIMEZONE,
    &clock::DATE,
    &webadmin::WEBADMIN,
    &webadmin::TLS,
    &syslog::SYSLOG,
    &syslog::AUDIT,
    &syslog::GENERATE_LOGBUNDLE,
    &user::USER,
    &user::PASSWD,
    &restore::TRY,
    &restore::CONFIRM,
    &restore::UNDO,
    &restore::SETTINGS,
    &ssh::SSH,
    &pki::PKI,
    &license::LICENSE,
    &recovery::RECOVERY,
    &text::BANNER,
    &text::MOTD,
    &status::VERSION,
    &status::MODEL,
    &status::SERIAL,
    &status::UPTIME,
    &status::DF,
    &status::HEALTH,
    &backup::BACKUP,
    &backup::FACTORY_RESET,
    &power::REBOOT,
    &power::SHUTDOWN,
    &session::HELP,
    &session::EXIT,
];

const INTERFACE: Part = value::<Letter>("<interface>", "Interface letter").live(Live::Interfaces).part();
const USERNAME: Value = value::<Username>("<username>", "Name of an account").live(Live::Users);
const HOST: Value = value::<Host>("<host>", "Address or DNS name");

#[cfg(test)]
mod tests;
