//! What mmpd answers, typed, so that the shell lays it out and `--json` prints it as it is.

mod backup;
mod firewall;
mod ipv6;
mod license;
mod pki;
mod recovery;
mod restore;
mod ssh;
mod syslog;
mod user;
mod web;
mod webadmin;

pub use syslog::{AuditState, Forwarding, LogPage, ServerState, SyslogState};

use std::net::Ipv4Addr;

use mmp_model::{
    FileName, Host, Hostname, Letter, Subnet, Username, account::UnixTime, dns, dscp, interface::Link, time::ZoneName,
};
use serde::{Deserialize, Serialize};

pub use backup::{BackupCheck, BackupRow};
pub use firewall::Firewall;
pub use ipv6::Ipv6;
pub use license::{License, LicenseFeature};
pub use pki::PkiUse;
pub use recovery::RecoveryStep;
pub use restore::{Difference, RestorePoint, Trial};
pub use ssh::{HostKey, SshNow, UserKey};
pub use user::{Lock, RuleRow, UserInfo, UserRow};
pub use web::{SignedIn, WebSession};
pub use webadmin::{Certificate, Tls, Webadmin};

/// Any reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// Done, and nothing to say.
    Nothing,
    /// Done, and one line to say (`A reboot is required for the change to take effect`).
    Notice(String),
    /// The password is right and the account may come in.
    Admitted(Admitted),
    /// A web session was opened.
    SignedIn(SignedIn),
    /// A web session holds.
    WebSession(WebSession),
    /// `iface`.
    Iface(Iface),
    /// `ipv4`.
    Ipv4(Ipv4),
    /// `ipv6`.
    Ipv6(Ipv6),
    /// `dns`.
    Dns(dns::Dns),
    /// `dns lookup`: records in presentation form without TTL, the answer first.
    Lookup(Vec<String>),
    /// `dscp`.
    Dscp(dscp::Dscp),
    /// `firewall`.
    Firewall(Firewall),
    /// `hostname`.
    Hostname(HostnameNow),
    /// `ntp server list`.
    NtpServers(Vec<Host>),
    /// `ntp status`.
    NtpStatus(Vec<NtpSource>),
    /// `syslog`.
    Syslog(SyslogState),
    /// `audit`.
    Audit(AuditState),
    /// A piece of a log, for the pager.
    LogPage(LogPage),
    /// `timezone`.
    Timezone(TimezoneNow),
    /// `timezone list`.
    Timezones(Vec<String>),
    /// `date`.
    Date(Date),
    /// `user list`.
    Users(Vec<UserRow>),
    /// `user info`.
    User(UserInfo),
    /// `user rule`.
    Rules(Vec<RuleRow>),
    /// The next step of somebody who has lost a password.
    Recovery(RecoveryStep),
    /// `ssh`.
    Ssh(SshNow),
    /// `ssh fingerprints`.
    HostKeys(Vec<HostKey>),
    /// `ssh keys`.
    UserKeys(Vec<UserKey>),
    /// `tls`.
    Tls(Tls),
    /// `webadmin`.
    Webadmin(Webadmin),
    /// `webadmin status`.
    WebadminStatus(Webadmin),
    /// What an administrator must know now, a line each.
    Alarms(Vec<String>),
    /// `banner`, `motd`.
    Text(Option<String>),
    /// `version`.
    Version(Version),
    /// `model`, `serial`: one value.
    Value(String),
    /// `uptime`.
    Uptime(Uptime),
    /// `df`.
    Df(Vec<Filesystem>),
    /// `health`.
    Health(Vec<Sensor>),
    /// `try`; nothing may be on condition.
    Trial(Option<Trial>),
    /// `settings list`.
    RestorePoints(Vec<RestorePoint>),
    /// `settings compare`.
    Differences(Vec<Difference>),
    /// What others did, a line each.
    News(Vec<String>),
    /// `license`.
    License(License),
    /// `pki`.
    PkiUses(Vec<PkiUse>),
    /// `pki list`.
    PkiFiles(Vec<FileName>),
    /// `backup list`.
    Backups(Vec<BackupRow>),
    /// What should be known before a rollback.
    BackupCheck(BackupCheck),
    /// The SFTP folder.
    Files(Vec<FileInfo>),
    /// One file; a descriptor may travel with it.
    File(FileInfo),
    /// Values for completion.
    Values(Vec<LiveValue>),
}

/// Who came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Admitted {
    /// The account.
    pub user: Username,
    /// Its number for the kernel.
    pub uid: u32,
}

/// `iface`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iface {
    /// Which.
    pub interface: Letter,
    /// Upper-case hexadecimal with colons; absent while the card is.
    pub mac: Option<String>,
    /// Settings.
    pub configured: Link,
    /// Mbit/s, where the driver knows it and the link is up.
    pub speed: Option<u32>,
    /// `full` or `half`, where the driver knows it.
    pub duplex: Option<String>,
    /// Bytes in force; absent while the card is.
    pub mtu: Option<u32>,
    /// A cable with a living peer.
    pub carrier: bool,
    /// What is wrong with it, and what to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// `ipv4`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ipv4 {
    /// Which.
    pub interface: Letter,
    /// Set address, or the one from DHCP.
    pub address: Option<Ipv4Addr>,
    /// Interface of last resort.
    pub default: bool,
    /// DHCP is on.
    pub dhcp: bool,
    /// On.
    pub enabled: bool,
    /// Set gateway, or the one from DHCP.
    pub gateway: Option<Ipv4Addr>,
    /// Upper-case hexadecimal with colons.
    pub macaddress: Option<String>,
    /// Of the address.
    pub prefixlen: Option<u8>,
    /// Static routes set.
    pub routes: Vec<Subnet>,
    /// `address/length` in the kernel now.
    pub observed_addresses: Vec<String>,
    /// In the kernel now.
    pub observed_routes: Vec<Route>,
    /// What is wrong with it, and what to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// A route in the kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route<Address = Ipv4Addr> {
    /// Preferred source, or the unspecified address.
    pub source: Address,
    /// Network or host.
    pub destination: Address,
    /// Next hop, or the unspecified address.
    pub gateway: Address,
    /// Through a gateway (scope global) and not on the link.
    pub global: bool,
    /// Prefix length of the destination.
    pub prefixlen: u8,
}

/// `hostname`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostnameNow {
    /// The name set.
    pub hostname: Hostname,
    /// The name until the next boot.
    pub running: Hostname,
}

/// One row of `ntp status`, in the units of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NtpSource {
    /// ` `, `*` (followed), `+` (combined), `-` (not combined), `x` (false), `~` (too variable), `?` (unreachable).
    pub tally: char,
    /// Name or address.
    pub remote: String,
    /// What the server follows.
    pub refid: String,
    /// 16 when not synchronised.
    pub stratum: u8,
    /// `u` for unicast.
    pub kind: char,
    /// Seconds since the last answer.
    pub when: Option<u64>,
    /// Seconds between questions.
    pub poll: u64,
    /// Last eight answers as octal bits.
    pub reach: String,
    /// Milliseconds.
    pub delay: f64,
    /// Milliseconds.
    pub offset: f64,
    /// Milliseconds.
    pub jitter: f64,
}

/// `timezone`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimezoneNow {
    /// The zone set.
    pub timezone: ZoneName,
    /// The zone that services use until the next boot.
    pub running: ZoneName,
}

/// `date`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Date {
    /// `2026-10-05 13:04:11`.
    pub utc: String,
    /// `2026-10-05 14:04:11 BST`.
    pub local: String,
}

/// `version`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Release.
    pub version: String,
    /// Commit that it was built from, where known.
    pub commit: Option<String>,
}

/// `uptime`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uptime {
    /// Local time `13:04:11`.
    pub now: String,
    /// Seconds since boot.
    pub seconds: u64,
    /// Sessions open.
    pub sessions: usize,
    /// Averages over 1, 5 and 15 minutes.
    pub load: [f64; 3],
}

/// One row of `df`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filesystem {
    /// Where it is mounted.
    pub mount: String,
    /// Bytes in all.
    pub size: u64,
    /// Bytes used.
    pub used: u64,
    /// Percent of bytes used.
    pub use_percent: u8,
    /// Percent of inodes used, where the file system has inodes.
    pub inode_percent: Option<u8>,
}

/// One sensor of `health`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensor {
    /// `CPU temperature`.
    pub name: String,
    /// `41.0 C`.
    pub value: String,
    /// Within its limits.
    pub ok: bool,
}

/// One file of the SFTP folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileInfo {
    /// Name.
    pub name: FileName,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970 UTC.
    pub modified: UnixTime,
    /// The asking role may write it.
    pub writable: bool,
}

/// A value that exists now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveValue {
    /// As it is typed.
    pub value: String,
    /// One line about it.
    pub about: String,
}
