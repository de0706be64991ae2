//! `reboot` and `shutdown` (`mmp.md` section 24).

use mmp_control::{Request, request::Power};

use crate::table::{Command, Family};

/// `reboot`.
pub static REBOOT: Family = Family {
    name: "reboot",
    summary: "Restart the appliance",
    details: &["Asks first; only a capital Y goes on."],
    commands: &[Command::set(&[], "Restart the appliance", "reboot", |_| Ok(Request::Power(Power::Reboot).into()))
        .confirmed("Are you sure you want to reboot? (Y/n)")],
};

/// `shutdown`.
pub static SHUTDOWN: Family = Family {
    name: "shutdown",
    summary: "Switch the appliance off",
    details: &["Asks first; only a capital Y goes on."],
    commands: &[Command::set(&[], "Switch the appliance off", "shutdown", |_| {
        Ok(Request::Power(Power::Shutdown).into())
    })
    .confirmed("Are you sure you want to shut down? (Y/n)")],
};
