//! `syslog` and `audit` (`mmp.md` section 21).

use mmp_model::{FileName, Host, syslog::Server};
use serde::{Deserialize, Serialize};

/// `syslog`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Syslog {
    /// Servers and their state.
    Show,
    /// One more server of the system log.
    AddServer(Server),
    /// One less.
    DelServer(Host),
    /// Hand the logs on.
    Enable,
    /// Keep them here.
    Disable,
    /// Certificates that vouch for servers over TLS, or none.
    Trust(Option<FileName>),
    /// Servers of the audit log and their state.
    ShowAudit,
    /// One more server of the audit log.
    AddAudit(Server),
    /// One less.
    DelAudit(Host),
    /// Lines as they come, until cancelled.
    Follow,
    /// The newest lines.
    Tail(u32),
    /// Lines with a text.
    Search(String),
    /// A piece of the log, from the beginning or after a place that the piece before named.
    Page(Option<String>),
    /// Keep the present log as a file and begin a new one.
    Rotate(FileName),
}

/// `audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audit {
    /// What is kept and what goes in.
    Show,
    /// Lines as they come, until cancelled.
    Follow,
    /// The newest lines.
    Tail(u32),
    /// Lines with a text.
    Search(String),
    /// Whether requests to Web Admin go in.
    Http(bool),
}
