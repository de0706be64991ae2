//! What a filter may ask of an Ethernet frame (IEEE 802.3, RFC 791, RFC 8200, RFC 826).
//!
//! Invariant: foreign bytes never panic; what cannot be read is no fact.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mmp_model::capture::{Facts, Kind};

const ARP: u16 = 0x0806;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
/// Tags of virtual networks, 802.1Q and 802.1ad.
const TAGS: [u16; 2] = [0x8100, 0x88a8];
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// IPv6 extension headers that may stand before the payload: hop-by-hop, routing, destination options.
const EXTENSIONS: [u8; 3] = [0, 43, 60];
const FRAGMENT: u8 = 44;

/// Reads a frame.
pub fn facts(frame: &[u8]) -> Facts {
    let mut facts = Facts::default();
    let mut at = 12;
    let mut kind = number(frame, at);
    while kind.is_some_and(|kind| TAGS.contains(&kind)) && at <= 16 {
        at += 4;
        kind = number(frame, at);
    }
    let packet = frame.get(at + 2..).unwrap_or_default();
    match kind {
        Some(ARP) => {
            facts.kinds.push(Kind::Arp);
            facts.addresses.extend([14, 24].into_iter().filter_map(|at| ipv4(packet, at)));
        }
        Some(IPV4) => {
            facts.kinds.push(Kind::Ip);
            facts.addresses.extend([12, 16].into_iter().filter_map(|at| ipv4(packet, at)));
            let length = usize::from(packet.first().copied().unwrap_or_default() & 0x0f) * 4;
            let first = number(packet, 6).is_some_and(|fragment| fragment & 0x1fff == 0);
            if let Some(protocol) = packet.get(9) {
                payload(&mut facts, *protocol, packet.get(length..).filter(|_| first));
            }
        }
        Some(IPV6) => {
            facts.kinds.push(Kind::Ip6);
            facts.addresses.extend([8, 24].into_iter().filter_map(|at| ipv6(packet, at)));
            let (protocol, rest) = behind_extensions(packet);
            payload(&mut facts, protocol, rest);
        }
        _ => {}
    }
    facts
}

/// The protocol and its bytes; none in a later fragment.
fn behind_extensions(packet: &[u8]) -> (u8, Option<&[u8]>) {
    let mut next = packet.get(6).copied().unwrap_or(u8::MAX);
    let mut rest = packet.get(40..);
    while let Some(header) = rest {
        if EXTENSIONS.contains(&next) {
            let Some([following, length]) = header.first_chunk() else { return (u8::MAX, None) };
            next = *following;
            rest = header.get((usize::from(*length) + 1) * 8..);
        } else if next == FRAGMENT {
            let first = number(header, 2).is_some_and(|offset| offset & 0xfff8 == 0);
            next = header.first().copied().unwrap_or(u8::MAX);
            rest = header.get(8..).filter(|_| first);
            if rest.is_none() {
                return (next, None);
            }
        } else {
            break;
        }
    }
    (next, rest)
}

fn payload(facts: &mut Facts, protocol: u8, bytes: Option<&[u8]>) {
    match protocol {
        ICMP | ICMPV6 => facts.kinds.push(Kind::Icmp),
        TCP | UDP => {
            facts.kinds.push(if protocol == TCP { Kind::Tcp } else { Kind::Udp });
            let bytes = bytes.unwrap_or_default();
            facts.ports.extend([0, 2].into_iter().filter_map(|at| number(bytes, at)));
        }
        _ => {}
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn ipv4(bytes: &[u8], at: usize) -> Option<IpAddr> {
    let octets: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(Ipv4Addr::from(octets).into())
}

fn ipv6(bytes: &[u8], at: usize) -> Option<IpAddr> {
    let octets: [u8; 16] = bytes.get(at..at + 16)?.try_into().ok()?;
    Some(Ipv6Addr::from(octets).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn over_ethernet(kind: u16, packet: &[u8]) -> Vec<u8> {
        [&[0; 12][..], &kind.to_be_bytes(), packet].concat()
    }

    fn udp4(fragment: u16) -> Vec<u8> {
        let mut packet = vec![0x45, 0, 0, 28, 0, 0];
        packet.extend(fragment.to_be_bytes());
        packet.extend([64, UDP, 0, 0, 10, 0, 2, 15, 10, 0, 2, 3, 0x9c, 0x40, 0, 53, 0, 8, 0, 0]);
        packet
    }

    #[test]
    fn addresses_and_ports_are_read_behind_tags_too() {
        let plain = facts(&over_ethernet(IPV4, &udp4(0)));
        assert_eq!(plain.kinds, [Kind::Ip, Kind::Udp]);
        assert_eq!(plain.ports, [40000, 53]);
        assert_eq!(plain.addresses, ["10.0.2.15", "10.0.2.3"].map(|a| a.parse::<IpAddr>().unwrap()));
        let tagged = over_ethernet(TAGS[0], &[&[0, 7][..], &IPV4.to_be_bytes(), &udp4(0)].concat());
        assert_eq!(facts(&tagged), plain);
    }

    #[test]
    fn a_later_fragment_has_no_ports() {
        assert!(facts(&over_ethernet(IPV4, &udp4(100))).ports.is_empty());
    }

    #[test]
    fn ports_are_read_behind_extension_headers() {
        let mut packet = vec![0x60, 0, 0, 0, 0, 16, 60, 64];
        packet.extend([0; 32]);
        packet.extend([TCP, 0, 0, 0, 0, 0, 0, 0]);
        packet.extend([0, 22, 0x9c, 0x40]);
        let read = facts(&over_ethernet(IPV6, &packet));
        assert_eq!((read.kinds, read.ports), (vec![Kind::Ip6, Kind::Tcp], vec![22, 40000]));
    }

    proptest! {
        #[test]
        fn no_frame_makes_it_panic(kind in prop::sample::select(vec![ARP, IPV4, IPV6, TAGS[0]]), rest in any::<Vec<u8>>()) {
            let _ = facts(&over_ethernet(kind, &rest));
            let _ = facts(&rest);
        }
    }
}
