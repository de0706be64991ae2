//! Status one-liners (`mmp.md` section 25).

use mmp_control::{Request, request::Status};

use crate::table::{Command, Family};

/// `version`.
pub static VERSION: Family = Family {
    name: "version",
    summary: "Show the software release",
    details: &[],
    commands: &[Command::show(&[], "Show the release", "version", |_| Ok(Request::Status(Status::Version).into()))],
};

/// `model`.
pub static MODEL: Family = Family {
    name: "model",
    summary: "Show the hardware platform",
    details: &[],
    commands: &[Command::show(&[], "Show the platform", "model", |_| Ok(Request::Status(Status::Model).into()))],
};

/// `serial`.
pub static SERIAL: Family = Family {
    name: "serial",
    summary: "Show the serial number",
    details: &[],
    commands: &[Command::show(&[], "Show the serial number", "serial", |_| Ok(Request::Status(Status::Serial).into()))],
};

/// `uptime`.
pub static UPTIME: Family = Family {
    name: "uptime",
    summary: "Show the time since boot",
    details: &[],
    commands: &[Command::show(&[], "Show the time since boot, sessions and load", "uptime", |_| {
        Ok(Request::Status(Status::Uptime).into())
    })],
};

/// `df`.
pub static DF: Family = Family {
    name: "df",
    summary: "Show disk use",
    details: &[],
    commands: &[Command::show(&[], "Show disk and inode use", "df", |_| Ok(Request::Status(Status::Df).into()))],
};

/// `health`.
pub static HEALTH: Family = Family {
    name: "health",
    summary: "Show temperatures, voltages and fans",
    details: &[],
    commands: &[Command::show(&[], "Show the hardware's sensors; not on a virtual machine", "health", |_| {
        Ok(Request::Status(Status::Health).into())
    })],
};
