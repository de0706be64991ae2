//! What mmpd and the forwarder tell each other: the service file, and how handing on goes.
//!
//! Invariant: neither file holds a secret; both are replaced whole, so that a reader never sees half of one.

use mmp_model::{account::UnixTime, syslog::Server};
use serde::{Deserialize, Serialize};

/// The service file that the forwarder starts from.
pub const SERVICE: &str = "/run/mmpd/syslog/syslog.json";
/// Where the forwarder says how it does.
pub const STATUS: &str = "/run/syslog/status.json";

/// Which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Log {
    /// The system log.
    System,
    /// The audit log.
    Audit,
}

/// One log to one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What is handed on.
    pub log: Log,
    /// To whom.
    pub server: Server,
}

/// The service file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// What goes where.
    pub targets: Vec<Target>,
    /// Certificates in PEM that vouch for servers over TLS.
    pub trust: Option<String>,
    /// The folder of the system log.
    pub journal: String,
    /// The folder of the audit log.
    pub audit: String,
    /// The folder that keeps how far each server has come.
    pub state: String,
    /// Where the forwarder says how it does.
    pub status: String,
}

/// How it goes with one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which.
    pub target: Target,
    /// The server is reached.
    pub connected: bool,
    /// The place of the last line that it has: a cursor of the journal, or a number of the audit log.
    pub position: Option<String>,
    /// Lines that were not kept long enough for it.
    pub missing: u64,
    /// What went wrong last, and when.
    pub error: Option<(UnixTime, String)>,
}
