//! What may be asked of mmpd, one type a family.
//!
//! Invariant: values are already well formed (`mmp-model` types); whether they fit the appliance and its present
//! settings is mmpd's to decide.

mod backup;
mod firewall;
mod ipv6;
mod pcap;
mod pki;
mod recovery;
mod restore;
mod ssh;
mod syslog;
mod text;
mod user;
mod web;
mod webadmin;

pub use syslog::{Audit, Syslog};

use std::net::Ipv4Addr;

use mmp_model::{
    DomainName, FileName, Host, Hostname, Ipv4Prefix, Letter, Subnet,
    account::UnixTime,
    dns::{ForwardZone, ResourceRecord, TrustAnchor},
    dscp::{CodePoint, IpVersion, TrafficType},
    interface::{LinkMode, Mtu},
    text::Which,
    time::ZoneName,
};
use serde::{Deserialize, Serialize};

pub use backup::{Backup, FactoryReset};
pub use firewall::Firewall;
pub use ipv6::Ipv6;
pub use pcap::Pcap;
pub use pki::Pki;
pub use recovery::{Recover, Recovery};
pub use restore::{SettingsAsk, Trial};
pub use user::User;
pub use web::{Surface, Web};
pub use webadmin::{Tls, Webadmin};

pub use self::{ssh::Ssh, text::Text};
use crate::Secret;

/// Any request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    /// Passwords and logins, from the programs that let people in.
    Access(Access),
    /// Sign-in at the web door, from the `webadmin` service.
    Web(Web),
    /// `user`, `passwd`.
    User(User),
    /// `iface`.
    Iface(Letter, Iface),
    /// `ipv4`.
    Ipv4(Letter, Ipv4),
    /// `ipv6`.
    Ipv6(Letter, Ipv6),
    /// `dns`.
    Dns(Dns),
    /// `dscp`.
    Dscp(Dscp),
    /// `firewall`.
    Firewall(Letter, Firewall),
    /// `hostname`.
    Hostname(HostnameAsk),
    /// `ntp`.
    Ntp(Ntp),
    /// `timezone`.
    Timezone(Timezone),
    /// `date`.
    Date(Date),
    /// `syslog`.
    Syslog(Syslog),
    /// `audit`.
    Audit(Audit),
    /// `generate_logbundle`.
    LogBundle,
    /// `recovery`.
    Recovery(Recovery),
    /// `ssh`.
    Ssh(Ssh),
    /// `tls`.
    Tls(Tls),
    /// `webadmin`.
    Webadmin(Webadmin),
    /// `banner`, `motd`.
    Text(Which, Text),
    /// `ping`, `traceroute`.
    Probe(Probe, Host),
    /// `pcap`.
    Pcap(Letter, Pcap),
    /// `license`, and the API's `system/licensing`.
    License,
    /// `pki`.
    Pki(Pki),
    /// `version`, `model`, `serial`, `uptime`, `df`, `health`.
    Status(Status),
    /// `backup`.
    Backup(Backup),
    /// `factory_reset`.
    FactoryReset(FactoryReset),
    /// `reboot`, `shutdown`.
    Power(Power),
    /// `try`, `confirm`, `undo`.
    Trial(Trial),
    /// `settings`.
    Settings(SettingsAsk),
    /// What an administrator must know now: the lines of a login.
    Alarms,
    /// What others changed since this session asked last. A session that asks is one that a person looks at.
    News,
    /// The SFTP folder.
    File(File),
    /// Values that exist now, for completion.
    Live(Live),
    /// A command that the shell answered by itself (`help`, `exit`) or could not read: nothing but a line in the log.
    Noted,
}

/// Passwords at the door. Root only: mmpd takes these from the console login and from sshd's PAM step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Is this the account's password, and may it come in this way? Answered with [`crate::Reply::Admitted`].
    Authenticate {
        /// As typed; it may name nobody.
        user: String,
        /// As typed.
        password: Secret,
        /// The way in.
        door: Door,
        /// Where from, for the logs.
        origin: String,
    },
    /// May the account, authenticated by other means, come in this way?
    Admit {
        /// As typed.
        user: String,
        /// The way in.
        door: Door,
        /// Where from, for the list of its hosts and for the logs.
        origin: String,
    },
    /// An account that showed a key has come in; that is its login. (A right password is one already.)
    CameIn {
        /// As authenticated.
        user: String,
        /// The way in.
        door: Door,
        /// Where from, for the logs.
        origin: String,
        /// `ssh-ed25519 AAAA...`, as sshd tells; none: with a password.
        key: Option<String>,
    },
    /// Somebody at a console has lost a password.
    Recover {
        /// `ttyS0`.
        console: String,
        /// How far.
        ask: Recover,
    },
}

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// Serial or VGA console.
    Console,
    /// SSH and SFTP.
    Ssh,
    /// Web Admin and the API.
    Web,
}

/// `iface`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Iface {
    /// Settings and observed state.
    Show,
    /// Negotiation or a fixed mode.
    Mode(LinkMode),
    /// Largest packet.
    Mtu(Mtu),
}

/// `ipv4`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ipv4 {
    /// Settings and observed state.
    Show,
    /// Static address and gateway; turns DHCP off and the interface on.
    Add(Ipv4Prefix, Ipv4Addr),
    /// No address.
    Del,
    /// DHCP.
    Dhcp,
    /// On.
    Enable,
    /// Off, settings kept.
    Disable,
    /// The interface of last resort.
    Default,
    /// A static route.
    RouteAdd(Subnet),
    /// Away with a static route.
    RouteDel(Subnet),
}

/// `dns`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dns {
    /// Settings.
    Show,
    /// One more server for a zone.
    AddZone(ForwardZone),
    /// One server less.
    DelZone(ForwardZone),
    /// A trust anchor.
    AddAnchor(TrustAnchor),
    /// Away with one, by zone and key tag.
    DelAnchor(DomainName, u16),
    /// A local record.
    AddRecord(ResourceRecord),
    /// Away with a name's records of one type (upper case).
    DelRecord(DomainName, String),
    /// Resolve as the appliance does.
    Lookup(LookupType, DomainName),
    /// Empty the cache.
    Flush,
}

/// What `dns lookup` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LookupType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Services, followed to their addresses.
    Srv,
}

/// `dscp`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dscp {
    /// Settings.
    Show,
    /// A class, or none.
    Set(IpVersion, TrafficType, Option<CodePoint>),
    /// Use the assured kinds' values.
    Assured(bool),
}

/// `hostname`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostnameAsk {
    /// The name.
    Show,
    /// A new name, from the next boot.
    Set(Hostname),
}

/// `ntp`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ntp {
    /// Servers set.
    List,
    /// One more.
    Add(Host),
    /// One less.
    Del(Host),
    /// What the clock follows.
    Status,
    /// Shared symmetric key, or none.
    GroupKey(Option<FileName>),
    /// Autokey on or off.
    Autokey(bool),
}

/// `timezone`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Timezone {
    /// The zone.
    Show,
    /// All zones.
    List,
    /// A new zone.
    Set(ZoneName),
}

/// `date`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Date {
    /// UTC and local time.
    Show,
    /// Set the clock, in UTC seconds since 1970.
    Set(UnixTime),
}

/// Programs that probe the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// Four echo requests.
    Ping,
    /// The way there.
    Traceroute,
}

/// Status one-liners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Release.
    Version,
    /// Platform.
    Model,
    /// Serial number.
    Serial,
    /// Time since boot.
    Uptime,
    /// Disk use.
    Df,
    /// Temperatures, voltages, fans.
    Health,
}

/// Ends of a session for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// Boot again.
    Reboot,
    /// Off.
    Shutdown,
}

/// The SFTP folder. Data travels through a passed file descriptor; a name changes only in [`File::Commit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum File {
    /// All files that the role may see.
    List,
    /// One file.
    Stat(FileName),
    /// A descriptor to read from comes with the reply.
    Open(FileName),
    /// A descriptor to an unnamed file to write to comes with the reply; the name is checked now and taken at commit.
    /// One upload at a time a connection per `ticket`, which the peer chooses.
    Create {
        /// The name to be.
        name: FileName,
        /// Names the upload within this connection.
        ticket: u64,
        /// Start with the present content (an append or an in-place change).
        keep: bool,
    },
    /// Gives the upload its name, whole; the peer has closed its descriptor before.
    Commit {
        /// Which upload.
        ticket: u64,
    },
    /// Drops the upload.
    Abandon {
        /// Which upload.
        ticket: u64,
    },
    /// Deletes.
    Remove(FileName),
    /// Renames.
    Rename {
        /// Present name.
        from: FileName,
        /// Name to be.
        to: FileName,
        /// An existing file of that name may be replaced.
        replace: bool,
    },
    /// Sets the modification time, in seconds since 1970 UTC.
    SetTime(FileName, UnixTime),
}

/// Values that exist now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Live {
    /// Interfaces of this platform.
    Interfaces,
    /// Accounts.
    Users,
    /// Files in the SFTP folder.
    Files,
    /// `domain server` pairs that are set.
    ForwardZones,
    /// `zone tag` pairs that are set.
    TrustAnchors,
    /// `owner TYPE` pairs that are set.
    Records,
    /// NTP servers that are set.
    NtpServers,
    /// Servers of the system log that are set.
    SyslogServers,
    /// Servers of the audit log that are set.
    AuditServers,
    /// All time zones.
    Timezones,
    /// Static routes of any interface.
    Routes,
    /// Restore points that are kept.
    RestorePoints,
    /// Static IPv6 addresses of any interface.
    Ipv6Addresses,
    /// Static IPv6 routers of any interface.
    Ipv6Routers,
    /// Static IPv6 routes of any interface.
    Ipv6Routes,
    /// `account delete host` of every host that an account is bound to, as they follow `user host`.
    UserHosts,
    /// Tags of firewall rules of any interface.
    FirewallTags,
    /// Backups in the folder.
    Backups,
    /// Keys in the folder.
    KeyFiles,
    /// Certificates in the folder.
    CertificateFiles,
    /// Keys, certificates and requests in the folder.
    PkiFiles,
    /// PKCS#12 files in the folder.
    Pkcs12Files,
    /// Requests in the folder, without their ending.
    Requests,
    /// Names that have both a key and a certificate made here, without their ending.
    Pairs,
}

impl Live {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::Interfaces,
        Self::Users,
        Self::Files,
        Self::ForwardZones,
        Self::TrustAnchors,
        Self::Records,
        Self::NtpServers,
        Self::SyslogServers,
        Self::AuditServers,
        Self::Timezones,
        Self::Routes,
        Self::RestorePoints,
        Self::Ipv6Addresses,
        Self::Ipv6Routers,
        Self::Ipv6Routes,
        Self::UserHosts,
        Self::FirewallTags,
        Self::Backups,
        Self::KeyFiles,
        Self::CertificateFiles,
        Self::PkiFiles,
        Self::Pkcs12Files,
        Self::Requests,
        Self::Pairs,
    ];
}

impl std::fmt::Display for LookupType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Srv => "SRV",
        })
    }
}
