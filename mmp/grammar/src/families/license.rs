//! `license` (`mmp.md` section 4.2).

use mmp_control::Request;

use crate::table::{Command, Family};

/// `license`.
pub static LICENSE: Family = Family {
    name: "license",
    summary: "Show what is licensed",
    details: &[
        "The license is the file cms.lic, uploaded by SFTP. It is bound to the MAC address of interface a (`iface a`).",
        "A file that is not valid never takes the place of one that is in force.",
    ],
    commands: &[Command::show(
        &[],
        "Show the features of the license, and how long each is in force",
        "license",
        |_| Ok(Request::License.into()),
    )],
};
