//! Which packets an interface takes (`mmp.md` section 8.3).
//!
//! Invariants: a rule keeps its tag for as long as it exists, and a tag is not given twice while rules stand after it;
//! what is enabled has a default policy.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Letter, Subnet, text_value};

/// Rules of one interface.
pub const MAX_RULES: usize = 128;

/// Settings of the family `firewall`. An absent letter is off, without rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firewall {
    /// By letter.
    pub interfaces: BTreeMap<Letter, InterfaceFirewall>,
}

/// The firewall of one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterfaceFirewall {
    /// Whether it is in force; off keeps the rest.
    pub enabled: bool,
    /// What happens to packets that no rule matches. Set before it is enabled.
    pub default: Option<Policy>,
    /// Tried in this order; the first that matches decides.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its number for `delete`.
    pub tag: u16,
    /// What is done with packets that match.
    pub policy: Policy,
    /// To which port.
    pub service: Service,
    /// Only packets from there; `None`: from everywhere, over IPv6 too.
    pub from: Option<Subnet>,
}

/// What is done with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// It is taken.
    Allow,
    /// It is dropped without an answer.
    Deny,
}

impl Policy {
    /// As typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl FromStr for Policy {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err(InvalidValue::new("Invalid policy", text)),
        }
    }
}

/// Transport protocol of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// As typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// A destination port, as in `22/tcp`; typed also as `22` (TCP) or as one of the [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Service {
    port: u16,
    transport: Transport,
}
text_value!(Service);

/// Services by name: those of `mmp.md` section 3.2, by their usual names and in their usual protocol.
pub const NAMES: [(&str, u16, Transport); 17] = [
    ("ssh", 22, Transport::Tcp),
    ("sftp", 22, Transport::Tcp),
    ("domain", 53, Transport::Udp),
    ("http", 80, Transport::Tcp),
    ("ntp", 123, Transport::Udp),
    ("snmp", 161, Transport::Udp),
    ("snmp-trap", 162, Transport::Udp),
    ("ldap", 389, Transport::Tcp),
    ("https", 443, Transport::Tcp),
    ("syslog", 514, Transport::Tcp),
    ("ldaps", 636, Transport::Tcp),
    ("h323", 1720, Transport::Tcp),
    ("turn", 3478, Transport::Udp),
    ("sip", 5060, Transport::Tcp),
    ("sips", 5061, Transport::Tcp),
    ("xmpp-client", 5222, Transport::Tcp),
    ("postgresql", 5432, Transport::Tcp),
];

impl Service {
    /// Destination port, 1 to 65535.
    pub fn port(self) -> u16 {
        self.port
    }

    /// Protocol.
    pub fn transport(self) -> Transport {
        self.transport
    }
}

impl FromStr for Service {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid port", text);
        let (name, transport) = match text.split_once('/') {
            None => (text, None),
            Some((name, "tcp")) => (name, Some(Transport::Tcp)),
            Some((name, "udp")) => (name, Some(Transport::Udp)),
            Some(_) => return Err(wrong()),
        };
        let known = NAMES.iter().find(|(known, ..)| *known == name).map(|(_, port, usual)| (*port, *usual));
        let digits = name.bytes().all(|b| b.is_ascii_digit());
        let number = || name.parse().ok().filter(|port| digits && *port > 0).map(|port: u16| (port, Transport::Tcp));
        let (port, usual) = known.or_else(number).ok_or_else(wrong)?;
        Ok(Self { port, transport: transport.unwrap_or(usual) })
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.transport.word())
    }
}

/// Parses the source of a rule: a network, or an address for one host.
pub fn source(text: &str) -> Result<Subnet, InvalidValue> {
    if text.contains('/') { text.parse() } else { format!("{text}/32").parse() }
}

impl InterfaceFirewall {
    /// The tag of the next rule.
    pub fn next_tag(&self) -> u16 {
        self.rules.iter().map(|rule| rule.tag + 1).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ports_go_by_number_or_name_and_are_tcp_unless_said() {
        let shown = |text: &str| text.parse::<Service>().map_or_else(|e| e.to_string(), |service| service.to_string());
        for (text, expected) in [
            ("22", "22/tcp"),
            ("ssh", "22/tcp"),
            ("5060/udp", "5060/udp"),
            ("sip/udp", "5060/udp"),
            ("ntp", "123/udp"),
            ("0", "Invalid port: 0"),
            ("65536", "Invalid port: 65536"),
            ("+22", "Invalid port: +22"),
            ("22/icmp", "Invalid port: 22/icmp"),
            ("fax", "Invalid port: fax"),
            ("", "Invalid port: "),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn a_source_without_length_is_one_host() {
        assert_eq!(source("192.0.2.7").unwrap().to_string(), "192.0.2.7/32");
        assert_eq!(source("192.0.2.7/24").unwrap().to_string(), "192.0.2.0/24");
        assert_eq!(source("2001:db8::1").unwrap_err().to_string(), "Invalid IP address: 2001:db8::1");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_parsed_again(text in "[0-9]{1,6}(/tcp|/udp)?|[a-z-]{1,12}|\\PC*") {
            if let Ok(service) = text.parse::<Service>() {
                prop_assert_eq!(service.to_string().parse::<Service>(), Ok(service));
            }
        }
    }
}
