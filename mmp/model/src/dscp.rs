//! DSCP classes by kind of traffic (`mmp.md` section 8.2, RFC 2474).

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// A kind of traffic, in the order in which `dscp` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // each is the word that is typed; `describe` says what it covers
pub enum TrafficType {
    Signaling,
    AssuredVoice,
    Voice,
    AssuredMultimedia,
    Multimedia,
    MultimediaStreaming,
    LowLatency,
    Oam,
}

impl TrafficType {
    /// All kinds, in listing order.
    pub const ALL: [Self; 8] = [
        Self::Signaling,
        Self::AssuredVoice,
        Self::Voice,
        Self::AssuredMultimedia,
        Self::Multimedia,
        Self::MultimediaStreaming,
        Self::LowLatency,
        Self::Oam,
    ];

    /// The word that is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Signaling => "signaling",
            Self::AssuredVoice => "assured-voice",
            Self::Voice => "voice",
            Self::AssuredMultimedia => "assured-multimedia",
            Self::Multimedia => "multimedia",
            Self::MultimediaStreaming => "multimedia-streaming",
            Self::LowLatency => "low-latency",
            Self::Oam => "oam",
        }
    }

    /// What it covers, in one line.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Signaling => "SIP signaling",
            Self::AssuredVoice => "audio of AS-SIP calls",
            Self::Voice => "audio",
            Self::AssuredMultimedia => "video of AS-SIP calls",
            Self::Multimedia => "video",
            Self::MultimediaStreaming => "streaming and web media",
            Self::LowLatency => "XMPP and other low-latency control",
            Self::Oam => "management: SSH, SFTP, Web Admin, NTP, DNS, LDAP",
        }
    }
}

impl FromStr for TrafficType {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == text)
            .ok_or_else(|| InvalidValue::new("Invalid traffic type", text))
    }
}

impl fmt::Display for TrafficType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A code point, 0 to 63, typed in decimal or in hexadecimal after `0x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodePoint(u8);
text_value!(CodePoint);

impl CodePoint {
    /// The six bits.
    pub fn bits(self) -> u8 {
        self.0
    }
}

impl FromStr for CodePoint {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None => (text, 10),
        };
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        match u8::from_str_radix(digits, radix) {
            Ok(bits @ 0..=63) if plain => Ok(Self(bits)),
            _ => Err(InvalidValue::new("Invalid DSCP value", text)),
        }
    }
}

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:02X}", self.0)
    }
}

/// Which packets a class is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IpVersion {
    /// `4`.
    V4,
    /// `6`.
    V6,
}

/// Settings of the family `dscp`. An absent kind leaves with DSCP 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dscp {
    /// Classes of IPv4 packets.
    pub ipv4: BTreeMap<TrafficType, CodePoint>,
    /// Classes of IPv6 packets.
    pub ipv6: BTreeMap<TrafficType, CodePoint>,
    /// Voice and multimedia take the values of their assured kinds.
    pub assured: bool,
}

impl Dscp {
    /// The classes of one version.
    pub fn of(&self, version: IpVersion) -> &BTreeMap<TrafficType, CodePoint> {
        match version {
            IpVersion::V4 => &self.ipv4,
            IpVersion::V6 => &self.ipv6,
        }
    }

    /// The classes of one version, to change.
    pub fn of_mut(&mut self, version: IpVersion) -> &mut BTreeMap<TrafficType, CodePoint> {
        match version {
            IpVersion::V4 => &mut self.ipv4,
            IpVersion::V6 => &mut self.ipv6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_are_six_bits_in_decimal_or_hexadecimal() {
        assert_eq!("0x2E".parse::<CodePoint>().unwrap().bits(), 46);
        assert_eq!("46".parse::<CodePoint>().unwrap().to_string(), "0x2E");
        for bad in ["0x40", "64", "-1", "+1", "", "0x", "x", "0x+1", "2E"] {
            assert_eq!(bad.parse::<CodePoint>().unwrap_err().to_string(), format!("Invalid DSCP value: {bad}"));
        }
    }

    #[test]
    fn every_word_is_its_own_kind() {
        for kind in TrafficType::ALL {
            assert_eq!(kind.word().parse::<TrafficType>().unwrap(), kind);
        }
    }
}
