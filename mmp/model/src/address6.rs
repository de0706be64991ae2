//! IPv6 addresses with their prefix length (`mmp.md` section 6.3, RFC 4291).

use std::{fmt, net::Ipv6Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Parses the text form of RFC 4291, with the documented line on failure.
pub fn ipv6(text: &str) -> Result<Ipv6Addr, InvalidValue> {
    text.parse().map_err(|_| InvalidValue::new("Invalid IP address", text))
}

/// Parses the address of a router: another host's, on the link or in a subnet of the interface.
pub fn router(text: &str) -> Result<Ipv6Addr, InvalidValue> {
    let address = ipv6(text)?;
    if is_host(address) { Ok(address) } else { Err(InvalidValue::new("Invalid IP address", text)) }
}

/// A host's address and its prefix length, as in `2001:db8::10/64`. The address can be a host's own: not unspecified,
/// multicast, loopback or mapped IPv4, and not link-local, which every interface has by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ipv6Prefix {
    address: Ipv6Addr,
    length: u8,
}
text_value!(Ipv6Prefix);

impl Ipv6Prefix {
    /// The host's own address.
    pub fn address(&self) -> Ipv6Addr {
        self.address
    }

    /// Prefix length in bits, 1 to 128.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// The subnet that the address is in.
    pub fn subnet(&self) -> Ipv6Subnet {
        Ipv6Subnet { network: masked(self.address, self.length), length: self.length }
    }
}

impl FromStr for Ipv6Prefix {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (address, length) = split(text)?;
        if length == 0 {
            return Err(InvalidValue::new("Invalid prefix length", "0"));
        }
        if !is_host(address) || address.is_unicast_link_local() {
            return Err(InvalidValue::new("Invalid IP address", address.to_string()));
        }
        Ok(Self { address, length })
    }
}

impl fmt::Display for Ipv6Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// A network to route to, as in `2001:db8:1::/48`; host bits are cleared. A `/128` is a host route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ipv6Subnet {
    network: Ipv6Addr,
    length: u8,
}
text_value!(Ipv6Subnet);

impl Ipv6Subnet {
    /// Whether the address is inside.
    pub fn contains(&self, address: Ipv6Addr) -> bool {
        masked(address, self.length) == self.network
    }

    /// Whether the two share an address.
    pub fn overlaps(&self, other: &Self) -> bool {
        let length = self.length.min(other.length);
        masked(self.network, length) == masked(other.network, length)
    }
}

impl FromStr for Ipv6Subnet {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (address, length) = split(text)?;
        if length == 0 {
            // The way to everywhere is the router's, not a static route's.
            return Err(InvalidValue::new("Invalid prefix length", "0"));
        }
        if address.is_multicast() || address.is_loopback() || address.is_unicast_link_local() {
            return Err(InvalidValue::new("Invalid IP address", address.to_string()));
        }
        Ok(Self { network: masked(address, length), length })
    }
}

impl fmt::Display for Ipv6Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

fn is_host(address: Ipv6Addr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() && address.to_ipv4_mapped().is_none()
}

fn split(text: &str) -> Result<(Ipv6Addr, u8), InvalidValue> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address = ipv6(address)?;
    let digits = !length.is_empty() && length.len() <= 3 && length.bytes().all(|b| b.is_ascii_digit());
    match length.parse::<u8>() {
        Ok(bits @ 0..=128) if digits => Ok((address, bits)),
        _ => Err(InvalidValue::new("Invalid prefix length", length)),
    }
}

fn masked(address: Ipv6Addr, length: u8) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    Ipv6Addr::from(u128::from(address) & mask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_refused_with_the_documented_line() {
        let line = |text: &str| text.parse::<Ipv6Prefix>().unwrap_err().to_string();
        assert_eq!(line("2001:db8::g/64"), "Invalid IP address: 2001:db8::g");
        assert_eq!(line("192.0.2.1/24"), "Invalid IP address: 192.0.2.1");
        assert_eq!(line("2001:db8::1/129"), "Invalid prefix length: 129");
        assert_eq!(line("2001:db8::1"), "Invalid prefix length: ");
        assert_eq!(line("2001:db8::1/0"), "Invalid prefix length: 0");
        for bad in ["::", "::1", "ff02::1", "fe80::1", "::ffff:192.0.2.1"] {
            assert_eq!(line(&format!("{bad}/64")), format!("Invalid IP address: {bad}"));
        }
        assert_eq!("fe80::1%a".parse::<Ipv6Subnet>().unwrap_err().to_string(), "Invalid IP address: fe80::1%a");
    }

    #[test]
    fn a_router_may_be_on_the_link() {
        assert!(router("fe80::1").is_ok() && router("2001:db8::1").is_ok());
        assert!(router("ff02::2").is_err() && router("::").is_err());
    }

    #[test]
    fn host_bits_of_a_network_are_cleared() {
        let subnet: Ipv6Subnet = "2001:db8:1::7/48".parse().unwrap();
        assert_eq!(subnet.to_string(), "2001:db8:1::/48");
        assert!(subnet.overlaps(&"2001:db8:1:2::/64".parse().unwrap()));
        assert!(!subnet.overlaps(&"2001:db8:2::/48".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_printed_and_parsed_again(bits in any::<u128>(), length in 0u8..=140) {
            let text = format!("{}/{length}", Ipv6Addr::from(bits));
            if let Ok(prefix) = text.parse::<Ipv6Prefix>() {
                prop_assert_eq!(prefix.to_string(), text);
                prop_assert!(prefix.subnet().contains(prefix.address()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = text.parse::<Ipv6Prefix>();
            let _ = text.parse::<Ipv6Subnet>();
        }
    }
}
