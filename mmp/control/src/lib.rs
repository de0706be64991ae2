//! The control protocol between mmpd and whoever acts for an administrator: requests, replies, refusals, roles, framing.
//!
//! Invariants: one typed door, so the shell, SFTP and Web Admin send the same [`Request`]s; no socket and no terminal
//! word in here (a refusal's text is the documented line of `mmp.md`, not layout). What is allowed stands in one
//! table, [`roles`].
//!
//! A conversation on `/run/mmpd/control.sock`:
//!
//! ```text
//! peer  -> Hello                     who I act for is what the kernel says of me (SO_PEERCRED), never this text
//! mmpd  -> Opened(Welcome)           or Refused, and the end; Ready for root's programs, which act for no account
//! peer  -> Call { line, request }
//! mmpd  -> Text ...                  any number, for commands that go on (ping); the peer may send Cancel meanwhile
//! mmpd  -> Done(reply) | Refused     exactly one; a file descriptor may travel with Done
//! ```

mod chain;
pub mod frame;
pub mod refusal;
pub mod reply;
pub mod request;
pub mod roles;
pub mod secret;

use serde::{Deserialize, Serialize};

pub use chain::chain;
pub use refusal::{Code, Kind, Refusal};
pub use reply::Reply;
pub use request::Request;
pub use secret::Secret;

use mmp_model::{Hostname, Role, Username, account::UnixTime};

/// Where mmpd listens.
pub const SOCKET: &str = "/run/mmpd/control.sock";

/// Which program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Program {
    /// The MMP shell.
    Shell,
    /// The SFTP subsystem.
    Sftp,
    /// Web Admin.
    Webadmin,
    /// Console login and sshd's PAM step; root only.
    Access,
}

/// Opens a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The speaking program.
    pub program: Program,
    /// Where the administrator sits, for the logs: `198.51.100.63:63290` or `console ttyS0`.
    pub origin: String,
}

/// What a session starts with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    /// The account that the kernel named.
    pub user: Username,
    /// Its role.
    pub role: Role,
    /// The running host name, for the prompt.
    pub hostname: Hostname,
    /// A new password must be set before any other request is answered.
    pub must_change_password: bool,
    /// Wrong passwords since the last login.
    pub failed_logins: u32,
    /// The login before this one.
    pub last_login: Option<Login>,
    /// What the administrator must know now, a line each: faults, pending reboot, who else is here.
    pub notices: Vec<String>,
    /// The text of `motd`, when one is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motd: Option<String>,
}

/// A past login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// When, in seconds since 1970 UTC.
    pub at: UnixTime,
    /// From where.
    pub origin: String,
}

/// One request, with the line that led to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The command as typed, for the log. Holds no secret: secrets are asked for separately.
    pub line: String,
    /// What is asked.
    pub request: Request,
}

/// What a peer sends once the conversation is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// One request.
    Call(Box<Call>),
    /// Stop the request that is going on; without one it means nothing.
    Cancel,
}

/// What mmpd sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::large_enum_variant)] // short-lived, one at a time
pub enum Answer {
    /// The session is open.
    Opened(Welcome),
    /// The conversation with one of root's programs is open.
    Ready,
    /// Output of a command that goes on.
    Text(String),
    /// The request was carried out.
    Done(Reply),
    /// The request was not carried out; nothing changed unless the refusal says so.
    Refused(Refusal),
}
