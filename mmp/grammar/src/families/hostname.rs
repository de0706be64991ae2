//! `hostname` (`mmp.md` section 8.4).

use mmp_control::{Request, request::HostnameAsk};
use mmp_model::Hostname;

use crate::table::{Command, Family, value};

/// `hostname`.
pub static HOSTNAME: Family = Family {
    name: "hostname",
    summary: "Show and set the host name",
    details: &["A new name takes effect at the next reboot."],
    commands: &[
        Command::show(&[], "Show the name", "hostname", |_| Ok(Request::Hostname(HostnameAsk::Show).into())),
        Command::set(
            &[value::<Hostname>("<name>", "Host name or fully qualified domain name").part()],
            "Set the name",
            "hostname cms1",
            |v| Ok(Request::Hostname(HostnameAsk::Set(v[0].parse()?)).into()),
        ),
    ],
};
