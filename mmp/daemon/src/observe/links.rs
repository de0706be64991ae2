//! Links and addresses: sysfs for the card, `getifaddrs(3)` for addresses.

use std::{fs, net::Ipv4Addr, path::Path};

use mmp_model::Letter;
use nix::ifaddrs::getifaddrs;

/// State of one card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Upper-case hexadecimal with colons.
    pub mac: Option<String>,
    /// Mbit/s.
    pub speed: Option<u32>,
    /// `full` or `half`.
    pub duplex: Option<String>,
    /// Bytes.
    pub mtu: Option<u32>,
    /// A cable with a living peer.
    pub carrier: bool,
}

/// Whether the card is there.
pub fn is_present(letter: Letter) -> bool {
    Path::new(&format!("/sys/class/net/{letter}")).exists()
}

/// Whether the interface is switched on (`IFF_UP` of linux/if.h), with or without a cable.
pub fn is_up(letter: Letter) -> bool {
    let flags = fs::read_to_string(format!("/sys/class/net/{letter}/flags")).unwrap_or_default();
    flags
        .trim()
        .strip_prefix("0x")
        .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        .is_some_and(|flags| flags & 1 == 1)
}

/// Reads the card.
pub fn card(letter: Letter) -> Card {
    let read = |name: &str| {
        let text = fs::read_to_string(format!("/sys/class/net/{letter}/{name}")).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    Card {
        mac: read("address").map(|mac| mac.to_ascii_uppercase()),
        // The kernel says -1 for a speed that the driver does not know.
        speed: read("speed").and_then(|speed| speed.parse().ok()),
        duplex: read("duplex").filter(|duplex| duplex != "unknown"),
        mtu: read("mtu").and_then(|mtu| mtu.parse().ok()),
        carrier: read("carrier").as_deref() == Some("1"),
    }
}

/// `address/length` of each IPv4 address, in kernel order.
pub fn ipv4_addresses(letter: Letter) -> Vec<String> {
    let device = letter.device();
    let Ok(all) = getifaddrs() else { return Vec::new() };
    all.filter(|entry| entry.interface_name == device)
        .filter_map(|entry| {
            let address: Ipv4Addr = entry.address?.as_sockaddr_in()?.ip();
            let mask: Ipv4Addr = entry.netmask?.as_sockaddr_in()?.ip();
            Some(format!("{address}/{}", u32::from(mask).leading_ones()))
        })
        .collect()
}
