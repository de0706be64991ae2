//! Settings to the configuration of the daemons that carry them out. Pure: settings in, text out.
//!
//! Invariant: every value that reaches a file is a `mmp-model` type, which cannot carry a second line or a quote.

pub mod accounts;
pub mod chrony;
pub mod firewall;
#[cfg(test)]
mod hostile;
pub mod networkd;
mod networkd6;
pub mod nftables;
pub mod ssh;
pub mod syslog;
#[cfg(test)]
mod typed;
pub mod unbound;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use mmp_model::{Letter, Settings};

use crate::webadmin::Set;

/// A file to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its whole content.
    pub content: String,
    /// Permission bits.
    pub mode: u32,
    /// The group that may read it besides root, where not everybody may.
    pub group: Option<&'static str>,
}

impl File {
    fn readable(content: String) -> Self {
        Self { content, mode: 0o644, group: None }
    }
}

/// All files of one daemon, by absolute path.
pub type Files = BTreeMap<PathBuf, File>;

/// What the settings mean to the system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// systemd-networkd.
    pub networkd: Files,
    /// unbound; empty when nothing is configured, and then it does not run.
    pub unbound: Files,
    /// chrony; empty when nothing is configured, and then it does not run.
    pub chrony: Files,
    /// The forwarder of the logs; empty when there is nothing to forward, and then it does not run.
    pub syslog: Files,
    /// What Web Admin runs by, in a folder that is swapped as a whole; empty while it is off, and then it does not run.
    pub webadmin: Files,
    /// The ruleset that marks packets; empty when nothing is.
    pub nftables: String,
    /// The ruleset of the firewall; empty when none is enabled.
    pub firewall: String,
    /// Names and numbers of the accounts, for sshd.
    pub accounts: Files,
    /// What sshd reads at each login.
    pub logins: Files,
    /// What sshd reads when it starts or is told to.
    pub sshd: Files,
}

/// What rendering has to know besides the settings.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The interfaces of this platform.
    pub letters: Vec<Letter>,
    /// `passwd` lines of the image's own users.
    pub system_users: String,
    /// The content of the file that `ntp groupkey` names.
    pub group_key: Option<String>,
    /// The content of the file that `syslog trust` names.
    pub syslog_trust: Option<String>,
    /// What Web Admin is to run by.
    pub webadmin: Option<Arc<Set>>,
}

/// Renders everything.
pub fn render(settings: &Settings, around: &Surroundings) -> Rendered {
    Rendered {
        networkd: networkd::files(&settings.interfaces, &around.letters),
        unbound: unbound::files(&settings.dns),
        chrony: chrony::files(&settings.ntp, around.group_key.as_deref()),
        syslog: syslog::files(&settings.syslog, around.syslog_trust.as_deref()),
        webadmin: around.webadmin.as_ref().map(|set| set.files()).unwrap_or_default(),
        nftables: nftables::ruleset(&settings.dscp, &settings.webadmin),
        firewall: firewall::ruleset(&settings.firewall),
        accounts: accounts::files(&settings.accounts, &around.system_users),
        logins: ssh::at_login(settings),
        sshd: ssh::at_start(settings),
    }
}
