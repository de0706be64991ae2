//! Servers that the logs are handed on to (`mmp.md` section 21).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{FileName, Host, InvalidValue, text_value};

/// Most servers of each log: each has a connection and a thread of its own.
pub const MAX_SYSLOG_SERVERS: usize = 8;

/// Settings of the family `syslog`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// The logs are handed on.
    pub enabled: bool,
    /// Servers of the system log, in the order in which they were added.
    pub servers: Vec<Server>,
    /// Servers of the audit log.
    pub audit_servers: Vec<Server>,
    /// Certificates that vouch for servers over TLS.
    pub trust: Option<FileName>,
}

impl Syslog {
    /// Whether anything is to be handed on.
    pub fn is_active(&self) -> bool {
        self.enabled && !(self.servers.is_empty() && self.audit_servers.is_empty())
    }

    /// Whether a server of either log is spoken to over TLS.
    pub fn uses_tls(&self) -> bool {
        self.servers.iter().chain(&self.audit_servers).any(|server| server.transport == Transport::Tls)
    }
}

/// A log server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address or name; resolved at every connection.
    pub host: Host,
    /// Where it listens.
    pub port: Port,
    /// How it is spoken to.
    pub transport: Transport,
}

/// How a log server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP, a line feed at the end of each line (RFC 6587 section 3.4.2).
    #[default]
    Tcp,
    /// A datagram a line (RFC 5426).
    Udp,
    /// TLS (RFC 5425).
    Tls,
}

impl Transport {
    /// Where servers listen unless told otherwise (`mmp.md` section 21; RFC 5425 section 4.1).
    pub fn usual_port(self) -> Port {
        Port(if self == Self::Tls { 6514 } else { 514 })
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Tls => "tls",
        }
    }
}

impl FromStr for Transport {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        [Self::Tcp, Self::Udp, Self::Tls]
            .into_iter()
            .find(|transport| transport.word() == text)
            .ok_or_else(|| InvalidValue::new("Invalid transport", text))
    }
}

/// A port number, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Port(u16);
text_value!(Port);

impl Port {
    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl FromStr for Port {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let digits = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(port @ 1..) if digits => Ok(Self(port)),
            _ => Err(InvalidValue::new("Invalid port", text)),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Settings of the family `audit`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Requests to Web Admin and the API are written to the audit log.
    pub http: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_refused_with_the_documented_line() {
        for bad in ["0", "65536", "+1", "", "x", "000514"] {
            assert_eq!(bad.parse::<Port>().unwrap_err().to_string(), format!("Invalid port: {bad}"));
        }
        assert_eq!("514".parse::<Port>().unwrap(), Transport::Tcp.usual_port());
    }

    #[test]
    fn servers_without_enable_are_not_spoken_to() {
        let server =
            Server { host: "192.0.2.1".parse().unwrap(), port: "514".parse().unwrap(), transport: Transport::Tcp };
        let mut syslog = Syslog { servers: vec![server], ..Syslog::default() };
        assert!(!syslog.is_active());
        syslog.enabled = true;
        assert!(syslog.is_active() && !syslog.uses_tls());
    }
}
