//! Network interfaces by letter: link mode, MTU and addresses (`mmp.md` sections 3.1 and 6).

use std::{collections::BTreeMap, fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Ipv4Prefix, Subnet, ipv6::Ipv6, text_value};

/// An interface letter, `a` to `e`. Which of them exist is the platform's to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Letter(u8);
text_value!(Letter);

impl Letter {
    /// The first interface, and the default one on a clean system.
    pub const A: Self = Self(b'a');
    /// All letters, in order.
    pub const ALL: [Self; 5] = [Self(b'a'), Self(b'b'), Self(b'c'), Self(b'd'), Self(b'e')];

    /// The name of the device in the kernel, which is the letter itself.
    pub fn device(&self) -> String {
        char::from(self.0).to_string()
    }

    /// 0 for `a`, 4 for `e`.
    pub fn index(&self) -> u8 {
        self.0 - b'a'
    }
}

impl FromStr for Letter {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.as_bytes() {
            [letter @ b'a'..=b'e'] => Ok(Self(*letter)),
            _ => Err(InvalidValue::new("Invalid interface", text)),
        }
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(self.0))
    }
}

/// MTU in bytes, 576 to 1500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Mtu(u16);

impl Mtu {
    /// The default, 1500 bytes.
    pub const DEFAULT: Self = Self(1500);

    /// Size in bytes.
    pub fn bytes(&self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Mtu {
    type Error = InvalidValue;
    fn try_from(bytes: u16) -> Result<Self, InvalidValue> {
        match bytes {
            576..=1500 => Ok(Self(bytes)),
            _ => Err(InvalidValue::new("Invalid MTU", bytes.to_string())),
        }
    }
}

impl From<Mtu> for u16 {
    fn from(mtu: Mtu) -> u16 {
        mtu.0
    }
}

impl FromStr for Mtu {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid MTU", text);
        text.parse::<u16>().map_err(|_| wrong())?.try_into().map_err(|_| wrong())
    }
}

/// Link speed in Mbit/s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Speed(u32);

impl Speed {
    /// Mbit/s: 10, 100, 1000 or 10000.
    pub fn mbit(&self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Speed {
    type Error = InvalidValue;
    fn try_from(mbit: u32) -> Result<Self, InvalidValue> {
        match mbit {
            10 | 100 | 1000 | 10000 => Ok(Self(mbit)),
            _ => Err(InvalidValue::new("Invalid speed", mbit.to_string())),
        }
    }
}

impl From<Speed> for u32 {
    fn from(speed: Speed) -> u32 {
        speed.0
    }
}

impl FromStr for Speed {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid speed", text);
        text.parse::<u32>().map_err(|_| wrong())?.try_into().map_err(|_| wrong())
    }
}

/// Duplex of a fixed link mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplex {
    /// Both directions at once.
    Full,
    /// One direction at a time.
    Half,
}

/// How the link is negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkMode {
    /// Whatever the card does by itself.
    #[default]
    Default,
    /// Auto-negotiation asked for.
    Auto,
    /// Auto-negotiation off, speed left alone.
    Off,
    /// A fixed mode.
    Fixed(Speed, Duplex),
}

/// Link settings of one interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Negotiation or a fixed mode.
    pub mode: LinkMode,
    /// Largest packet, in bytes.
    pub mtu: Mtu,
}

impl Default for Link {
    fn default() -> Self {
        Self { mode: LinkMode::Default, mtu: Mtu::DEFAULT }
    }
}

/// Where an interface's address comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// No address.
    #[default]
    None,
    /// From a DHCP server.
    Dhcp,
    /// Given by the administrator; the gateway is inside the subnet.
    Static {
        /// Address and prefix length.
        address: Ipv4Prefix,
        /// Next hop for what is not in the subnet.
        gateway: Ipv4Addr,
    },
}

/// IPv4 settings of one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ipv4 {
    /// Whether the interface carries IPv4; off keeps the rest.
    pub enabled: bool,
    /// Source of the address.
    pub addressing: Addressing,
    /// Static routes out of this interface through its gateway, sorted.
    pub routes: Vec<Subnet>,
}

/// Settings of the families `iface`, `ipv4` and `ipv6`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interfaces {
    /// The interface of last resort (`mmp.md` section 3.3).
    pub default: Letter,
    /// Link settings that differ from the default.
    pub link: BTreeMap<Letter, Link>,
    /// IPv4 by letter; an absent letter is off.
    pub ipv4: BTreeMap<Letter, Ipv4>,
    /// IPv6 by letter; an absent letter is off. Release 0.1.0 did not have it.
    #[serde(default)]
    pub ipv6: BTreeMap<Letter, Ipv6>,
}

impl Default for Interfaces {
    /// Out of the box the appliance tries DHCP on `a` (`mmp.md` section 6.2).
    fn default() -> Self {
        let dhcp = Ipv4 { enabled: true, addressing: Addressing::Dhcp, routes: Vec::new() };
        Self { default: Letter::A, link: BTreeMap::new(), ipv4: [(Letter::A, dhcp)].into(), ipv6: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_lower_case_and_end_at_e() {
        for bad in ["f", "A", "", "ab", "admin"] {
            assert_eq!(bad.parse::<Letter>().unwrap_err().to_string(), format!("Invalid interface: {bad}"));
        }
        assert_eq!(Letter::ALL.map(|l| l.to_string()).concat(), "abcde");
    }

    #[test]
    fn jumbo_frames_are_refused_with_the_documented_line() {
        assert_eq!("9000".parse::<Mtu>().unwrap_err().to_string(), "Invalid MTU: 9000");
        assert_eq!("575".parse::<Mtu>().unwrap_err().to_string(), "Invalid MTU: 575");
        assert_eq!("1400".parse::<Mtu>().unwrap().bytes(), 1400);
    }
}
