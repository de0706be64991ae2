//! IPv4 addresses with their prefix length (`mmp.md` section 6.2).

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Parses a dotted quad, with the documented line on failure.
pub fn ipv4(text: &str) -> Result<Ipv4Addr, InvalidValue> {
    text.parse().map_err(|_| InvalidValue::new("Invalid IP address", text))
}

/// A host's address and its prefix length, as in `192.0.2.10/24`. The address can be a host's: not unspecified,
/// multicast, broadcast or loopback, nor the network or broadcast address of its own subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ipv4Prefix {
    address: Ipv4Addr,
    length: u8,
}
text_value!(Ipv4Prefix);

impl Ipv4Prefix {
    /// The host's own address.
    pub fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Prefix length in bits, 1 to 32.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// The subnet that the address is in.
    pub fn subnet(&self) -> Subnet {
        Subnet { network: Ipv4Addr::from(u32::from(self.address) & mask(self.length)), length: self.length }
    }
}

impl FromStr for Ipv4Prefix {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (address, length) = split(text)?;
        let bad = |word: &str| InvalidValue::new("Invalid IP address", word);
        if length == 0 {
            return Err(InvalidValue::new("Invalid prefix length", "0"));
        }
        let host = u32::from(address) & !mask(length);
        let edge = length < 31 && (host == 0 || host == !mask(length));
        if address.is_unspecified()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_loopback()
            || address.octets()[0] == 0
            || edge
        {
            return Err(bad(&address.to_string()));
        }
        Ok(Self { address, length })
    }
}

impl fmt::Display for Ipv4Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// A network to route to, as in `198.51.100.0/24`; host bits are cleared. A `/32` is a host route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subnet {
    network: Ipv4Addr,
    length: u8,
}
text_value!(Subnet);

impl Subnet {
    /// Whether the address is inside.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.length) == u32::from(self.network)
    }

    /// Whether the two share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        let length = self.length.min(other.length);
        u32::from(self.network) & mask(length) == u32::from(other.network) & mask(length)
    }
}

impl FromStr for Subnet {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (address, length) = split(text)?;
        if length == 0 {
            // The way to everywhere is the gateway's, not a static route's.
            return Err(InvalidValue::new("Invalid prefix length", "0"));
        }
        if address.is_multicast() || address.is_loopback() || address.octets()[0] == 0 {
            return Err(InvalidValue::new("Invalid IP address", address.to_string()));
        }
        Ok(Self { network: Ipv4Addr::from(u32::from(address) & mask(length)), length })
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

fn split(text: &str) -> Result<(Ipv4Addr, u8), InvalidValue> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address = ipv4(address)?;
    let digits = !length.is_empty() && length.len() <= 2 && length.bytes().all(|b| b.is_ascii_digit());
    match length.parse::<u8>() {
        Ok(bits @ 0..=32) if digits => Ok((address, bits)),
        _ => Err(InvalidValue::new("Invalid prefix length", length)),
    }
}

fn mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_refused_with_the_documented_line() {
        let line = |text: &str| text.parse::<Ipv4Prefix>().unwrap_err().to_string();
        assert_eq!(line("192.0.2.300/24"), "Invalid IP address: 192.0.2.300");
        assert_eq!(line("192.0.2.1/33"), "Invalid prefix length: 33");
        assert_eq!(line("192.0.2.1"), "Invalid prefix length: ");
        assert_eq!(line("192.0.2.1/0"), "Invalid prefix length: 0");
        assert_eq!(line("192.0.2.1/+8"), "Invalid prefix length: +8");
        assert_eq!(line("192.0.2.255/24"), "Invalid IP address: 192.0.2.255");
        assert_eq!(line("192.0.2.0/24"), "Invalid IP address: 192.0.2.0");
        assert_eq!(line("224.0.0.1/24"), "Invalid IP address: 224.0.0.1");
        assert_eq!(line("127.0.0.1/8"), "Invalid IP address: 127.0.0.1");
    }

    #[test]
    fn point_to_point_links_have_two_hosts() {
        assert!("192.0.2.0/31".parse::<Ipv4Prefix>().is_ok());
        assert!("192.0.2.7/32".parse::<Ipv4Prefix>().is_ok());
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_printed_and_parsed_again(a in any::<u32>(), length in 0u8..=40) {
            let text = format!("{}/{length}", Ipv4Addr::from(a));
            if let Ok(prefix) = text.parse::<Ipv4Prefix>() {
                prop_assert_eq!(prefix.to_string(), text);
                prop_assert!(prefix.subnet().contains(prefix.address()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = text.parse::<Ipv4Prefix>();
            let _ = text.parse::<Subnet>();
        }
    }
}
