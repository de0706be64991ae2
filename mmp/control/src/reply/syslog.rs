//! Answers of `syslog` and `audit`.

use mmp_model::{
    FileName,
    account::UnixTime,
    syslog::{Server, Transport},
};
use serde::{Deserialize, Serialize};

/// `syslog`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyslogState {
    /// The logs are handed on.
    pub enabled: bool,
    /// Servers of the system log; absent where the role may not see them.
    pub servers: Option<Vec<ServerState>>,
    /// Servers of the audit log.
    pub audit_servers: Vec<ServerState>,
    /// Certificates that vouch for servers over TLS.
    pub trust: Option<FileName>,
}

/// A server and how it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// Which.
    pub server: Server,
    /// Nothing while the logs are not handed on.
    pub state: Option<Forwarding>,
}

/// How handing on to a server goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forwarding {
    /// The server is reached. Nobody knows this of UDP.
    pub connected: bool,
    /// Lines that it does not have yet, where that can be told.
    pub behind: Option<u64>,
    /// Lines that were not kept long enough for it.
    pub missing: u64,
    /// What went wrong last, and when.
    pub error: Option<(UnixTime, String)>,
}

/// `audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditState {
    /// Lines kept.
    pub lines: u64,
    /// Time of the oldest, in seconds since 1970 UTC.
    pub since: Option<UnixTime>,
    /// Requests to Web Admin go in.
    pub http: bool,
}

/// A piece of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPage {
    /// Lines, oldest first.
    pub lines: Vec<String>,
    /// Where the next piece begins; nothing at the end.
    pub next: Option<String>,
}

impl ServerState {
    /// `logs.example.com:514`; an IPv6 address in brackets.
    pub fn place(&self) -> String {
        let Server { host, port, .. } = &self.server;
        let text = host.to_string();
        if text.contains(':') { format!("[{text}]:{port}") } else { format!("{text}:{port}") }
    }

    /// One line about how it goes.
    pub fn describe(&self) -> String {
        let transport = self.server.transport;
        let word = transport.word();
        let Some(state) = &self.state else { return word.to_owned() };
        let reached = match (transport, state.connected) {
            (Transport::Udp, true) => "sending",
            (_, true) => "connected",
            (_, false) => "not connected",
        };
        let mut text = format!("{word}, {reached}");
        if let Some(behind) = state.behind {
            text.push_str(&format!(", {}", lines(behind, "behind")));
        }
        if state.missing > 0 {
            text.push_str(&format!(", {}", lines(state.missing, "lost")));
        }
        text
    }
}

fn lines(count: u64, what: &str) -> String {
    if count == 1 { format!("1 line {what}") } else { format!("{count} lines {what}") }
}
