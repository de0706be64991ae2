//! Which packets `pcap` keeps, and how many (`mmp.md` section 22; filter and bounds are ours).
//!
//! Invariant: a filter is made of checked words, addresses and numbers only; its text is parsed into the same filter again.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Ipv6Subnet, Subnet, text_value};

/// Bytes that a capture leaves free on `/data`, so that settings and uploads always have room.
pub const RESERVE: u64 = 128 << 20;
/// Tests in one filter.
const MAX_TESTS: usize = 16;

/// Largest size of a capture file in MB (10^6 bytes), 1 to 100000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Megabytes(u32);
text_value!(Megabytes);

impl Megabytes {
    /// Size in bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.0) * 1_000_000
    }
}

impl FromStr for Megabytes {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        number(text, 100_000).map(Self).ok_or_else(|| InvalidValue::new("Invalid size", text))
    }
}

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Longest time of a capture in seconds, 1 to 86400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seconds(u32);
text_value!(Seconds);

impl Seconds {
    /// Time in seconds.
    pub fn count(self) -> u64 {
        u64::from(self.0)
    }
}

impl FromStr for Seconds {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        number(text, 86_400).map(Self).ok_or_else(|| InvalidValue::new("Invalid time", text))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn number(text: &str, most: u32) -> Option<u32> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (1..=most).contains(number))
}

/// Tests on a packet, joined from left to right as in tcpdump: `host 192.0.2.1 and not port 22`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Filter {
    first: Test,
    rest: Vec<(Join, Test)>,
}
text_value!(Filter);

/// How a test goes together with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    not: bool,
    what: What,
}

/// What a packet is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Host(IpAddr),
    Net4(Subnet),
    Net6(Ipv6Subnet),
    Port(u16),
    Kind(Kind),
}

/// Kinds of packets that have a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Address resolution (RFC 826).
    Arp,
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// ICMP of either version.
    Icmp,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

const KINDS: [(&str, Kind); 6] = [
    ("arp", Kind::Arp),
    ("ip", Kind::Ip),
    ("ip6", Kind::Ip6),
    ("icmp", Kind::Icmp),
    ("tcp", Kind::Tcp),
    ("udp", Kind::Udp),
];

/// What a filter may ask of a packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub kinds: Vec<Kind>,
    /// Sender and receiver.
    pub addresses: Vec<IpAddr>,
    /// Source and destination port.
    pub ports: Vec<u16>,
}

impl Filter {
    /// Whether the packet is kept.
    pub fn takes(&self, packet: &Facts) -> bool {
        self.rest.iter().fold(self.first.holds(packet), |so_far, (join, test)| match join {
            Join::And => so_far && test.holds(packet),
            Join::Or => so_far || test.holds(packet),
        })
    }
}

impl Test {
    fn holds(&self, packet: &Facts) -> bool {
        let v4 = |address: &IpAddr| if let IpAddr::V4(v4) = address { Some(*v4) } else { None };
        let inside = |subnet: &Subnet| packet.addresses.iter().filter_map(v4).any(|a: Ipv4Addr| subnet.contains(a));
        let holds = match &self.what {
            What::Host(host) => packet.addresses.contains(host),
            What::Net4(subnet) => inside(subnet),
            What::Net6(subnet) => {
                packet.addresses.iter().any(|address| matches!(address, IpAddr::V6(v6) if subnet.contains(*v6)))
            }
            What::Port(port) => packet.ports.contains(port),
            What::Kind(kind) => packet.kinds.contains(kind),
        };
        holds != self.not
    }
}

impl FromStr for Filter {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid filter", text);
        let mut words = text.split_ascii_whitespace();
        let first = test(&mut words).ok_or_else(wrong)?;
        let mut rest = Vec::new();
        while let Some(word) = words.next() {
            let join = match word {
                "and" => Join::And,
                "or" => Join::Or,
                _ => return Err(wrong()),
            };
            rest.push((join, test(&mut words).ok_or_else(wrong)?));
        }
        if rest.len() >= MAX_TESTS { Err(wrong()) } else { Ok(Self { first, rest }) }
    }
}

fn test<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Test> {
    let mut word = words.next()?;
    let not = word == "not";
    if not {
        word = words.next()?;
    }
    let what = match word {
        "host" => What::Host(words.next()?.parse().ok()?),
        "net" => {
            let network = words.next()?;
            network.parse().map(What::Net4).or_else(|_| network.parse().map(What::Net6)).ok()?
        }
        "port" => What::Port(number(words.next()?, u32::from(u16::MAX)).and_then(|port| u16::try_from(port).ok())?),
        _ => What::Kind(KINDS.iter().find(|(name, _)| *name == word)?.1),
    };
    Some(Test { not, what })
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.rest
            .iter()
            .try_for_each(|(join, test)| write!(f, " {} {test}", if *join == Join::And { "and" } else { "or" }))
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("not ")?;
        }
        match &self.what {
            What::Host(host) => write!(f, "host {host}"),
            What::Net4(subnet) => write!(f, "net {subnet}"),
            What::Net6(subnet) => write!(f, "net {subnet}"),
            What::Port(port) => write!(f, "port {port}"),
            What::Kind(kind) => f.write_str(KINDS.iter().find(|(_, k)| k == kind).map_or("ip", |(name, _)| name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(filter: &str, packet: &Facts) -> bool {
        filter.parse::<Filter>().unwrap().takes(packet)
    }

    #[test]
    fn tests_are_joined_from_left_to_right() {
        let dns = Facts {
            kinds: vec![Kind::Ip, Kind::Udp],
            addresses: vec!["192.0.2.1".parse().unwrap(), "198.51.100.2".parse().unwrap()],
            ports: vec![40000, 53],
        };
        assert!(takes("port 53", &dns) && takes("host 192.0.2.1 and udp", &dns) && takes("net 198.51.100.0/24", &dns));
        assert!(!takes("not port 53", &dns) && !takes("host 192.0.2.9", &dns) && !takes("ip6", &dns));
        assert!(!takes("udp or tcp and port 22", &dns), "as tcpdump reads it");
        assert!(takes("port 22 and tcp or udp", &dns));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for bad in ["", "port", "port 0", "port 65536", "host x", "tcp and", "tcp udp", "not", "net 192.0.2.1", "; rm"]
        {
            assert_eq!(bad.parse::<Filter>().unwrap_err().to_string(), format!("Invalid filter: {bad}"));
        }
        assert!("0".parse::<Megabytes>().is_err() && "86401".parse::<Seconds>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_parsed_again(words in prop::collection::vec(
            prop::sample::select(vec!["host", "192.0.2.1", "::1", "net", "10.0.0.0/8", "port", "53", "not", "and", "or", "tcp"]),
            0..10,
        )) {
            if let Ok(filter) = words.join(" ").parse::<Filter>() {
                prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter));
            }
        }
    }
}
