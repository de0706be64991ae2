//! Names of machines and zones (RFC 1123, RFC 1035).
//!
//! Invariant: a name holds only letters, digits, `-`, `_` (where the type says so) and dots, so it is safe in every
//! generated file.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Longest name in presentation form, RFC 1035 section 2.3.4.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// Bytes of host name that the kernel keeps.
const MAX_HOSTNAME: usize = 64;

/// The appliance's own name: an RFC 1123 host name or FQDN, 1 to 63 characters a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hostname(heapless::String<MAX_HOSTNAME>);
text_value!(Hostname);

impl Hostname {
    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Hostname {
    /// A clean system is called `cms` (`mmp.md` section 1.3).
    fn default() -> Self {
        Self(heapless::String::try_from("cms").expect("three letters fit"))
    }
}

impl FromStr for Hostname {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid host name", text);
        let numeric = text.parse::<IpAddr>().is_ok() || text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if numeric || !text.split('.').all(|label| is_label(label, false)) {
            return Err(wrong());
        }
        heapless::String::try_from(text).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A DNS name without the final dot, lower case; the root is `.`. Underscores are allowed, as `_sip._tcp` needs them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(Box<str>);
text_value!(DomainName);

impl DomainName {
    /// The name without the final dot, or `.`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as resolvers write it, with its final dot.
    pub fn absolute(&self) -> String {
        absolute(self)
    }
}

impl FromStr for DomainName {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid domain name", text);
        let name = if text == "." { text } else { text.strip_suffix('.').unwrap_or(text) };
        if name != "." && (name.len() > MAX_NAME || !name.split('.').all(|label| is_label(label, true))) {
            return Err(wrong());
        }
        Ok(Self(name.to_ascii_lowercase().into()))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Any printed name with its final dot.
pub fn absolute(name: impl fmt::Display) -> String {
    let text = name.to_string();
    if text.ends_with('.') { text } else { format!("{text}.") }
}

/// A peer as an administrator writes it: an address or a DNS name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Host {
    /// An IPv4 or IPv6 address.
    Address(IpAddr),
    /// A name to be resolved when it is used.
    Name(DomainName),
}
text_value!(Host);

impl FromStr for Host {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        // Digits and dots alone are a mistyped address, never a name.
        if text == "." || text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(InvalidValue::new("Invalid IP address", text));
        }
        text.parse().map(Self::Name).map_err(|_| InvalidValue::new("Invalid host name or address", text))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

fn is_label(label: &str, underscore: bool) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || (underscore && b == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_rfc_1123() {
        for good in ["cms1", "a", "streamer.example.com", "1st"] {
            assert_eq!(good.parse::<Hostname>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a-", "a..b", "a_b", "192.0.2.1", "12", "a b", "a\nb", &"x".repeat(65)] {
            assert!(bad.parse::<Hostname>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_root_and_names_with_a_final_dot_are_domains() {
        assert_eq!(".".parse::<DomainName>().unwrap().absolute(), ".");
        assert_eq!("Example.COM.".parse::<DomainName>().unwrap().as_str(), "example.com");
        assert!("a..b".parse::<DomainName>().is_err());
        assert!("".parse::<DomainName>().is_err());
        assert!("a\n.b".parse::<DomainName>().is_err());
    }

    #[test]
    fn a_mistyped_address_is_not_a_name() {
        assert_eq!("192.0.2".parse::<Host>().unwrap_err().to_string(), "Invalid IP address: 192.0.2");
        assert!(matches!("2001:db8::1".parse::<Host>(), Ok(Host::Address(_))));
        assert!(matches!("ntp1.example.com".parse::<Host>(), Ok(Host::Name(_))));
    }
}
