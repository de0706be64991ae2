//! Everything that the administrator set, as one value.
//!
//! Invariant: the whole box is one [`Settings`]; a daemon is configured from it and from nothing else. How it is kept
//! on disk across releases is in [`crate::versions`].

use serde::{Deserialize, Serialize};

use crate::{
    FileName, Hostname,
    account::Accounts,
    certificates,
    dns::Dns,
    dscp::Dscp,
    firewall::Firewall,
    interface::Interfaces,
    recovery::Recovery,
    ssh::Ssh,
    syslog::{Audit, Syslog},
    text::Texts,
    time::{Ntp, Timezone},
    tls::Tls,
    webadmin::Webadmin,
};

/// The settings of every family, at the version of this release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `iface`, `ipv4`, `ipv6`.
    pub interfaces: Interfaces,
    /// `dns`.
    pub dns: Dns,
    /// `dscp`.
    pub dscp: Dscp,
    /// `firewall`.
    pub firewall: Firewall,
    /// `hostname`.
    pub hostname: Hostname,
    /// `ntp`.
    pub ntp: Ntp,
    /// `timezone`.
    pub timezone: Timezone,
    /// `syslog`.
    pub syslog: Syslog,
    /// `audit`.
    pub audit: Audit,
    /// `recovery`.
    pub recovery: Recovery,
    /// `ssh`, and the keys that are uploaded.
    pub ssh: Ssh,
    /// `banner`, `motd`.
    pub texts: Texts,
    /// `tls`.
    pub tls: Tls,
    /// `webadmin`.
    pub webadmin: Webadmin,
    /// `user`, `passwd`.
    pub accounts: Accounts,
}

impl Settings {
    /// Files of the SFTP folder that a setting names, each with the words of the setting.
    pub fn named_files(&self) -> impl Iterator<Item = (&'static str, &FileName)> {
        certificates::uses(self).map(|used| (used.setting, used.file))
    }

    /// A clean system with the given accounts.
    pub fn factory(accounts: Accounts) -> Self {
        Self {
            interfaces: Interfaces::default(),
            dns: Dns::default(),
            dscp: Dscp::default(),
            firewall: Firewall::default(),
            hostname: Hostname::default(),
            ntp: Ntp::default(),
            timezone: Timezone::default(),
            syslog: Syslog::default(),
            audit: Audit::default(),
            recovery: Recovery::default(),
            ssh: Ssh::default(),
            texts: Texts::default(),
            tls: Tls::default(),
            webadmin: Webadmin::default(),
            accounts,
        }
    }
}
