//! Packets as the host's side of a NIC saw them: QEMU's `filter-dump` writes a classic pcap file.
//!
//! Invariants: foreign bytes never panic, what cannot be read is left out; a file that is still being written ends at its
//! last whole packet.

use std::{net::Ipv4Addr, path::Path};

use anyhow::{Context as _, Result, bail};

const GLOBAL_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const ETHERNET: usize = 14;
const IPV4: [u8; 2] = [0x08, 0x00];
const TCP: u8 = 6;
const UDP: u8 = 17;
const RESET: u8 = 4;

/// An IPv4 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Sender.
    pub source: Ipv4Addr,
    /// Receiver.
    pub destination: Ipv4Addr,
    /// Differentiated services code point.
    pub dscp: u8,
    /// What it carries.
    pub payload: Payload,
}

/// What an IPv4 packet carries, as far as the tests ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A UDP datagram.
    Udp(Ports),
    /// A TCP segment.
    Tcp(Ports),
    /// A TCP reset. Linux sends it with the class of the segment that it refuses, so it says nothing about the sender's.
    Reset,
    /// Another protocol, or a later fragment.
    Other(u8),
}

/// Ports of a datagram or segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Sender's.
    pub source: u16,
    /// Receiver's.
    pub destination: u16,
}

/// Reads the IPv4 packets of a capture file.
pub fn read(file: &Path) -> Result<Vec<Packet>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read the capture {}", file.display()))?;
    packets(&bytes)
}

fn packets(bytes: &[u8]) -> Result<Vec<Packet>> {
    let header = bytes.get(..GLOBAL_HEADER).context("the capture has no header")?;
    let number: fn([u8; 4]) -> u32 = match header[..4] {
        [0xd4, 0xc3, 0xb2, 0xa1] => u32::from_le_bytes,
        [0xa1, 0xb2, 0xc3, 0xd4] => u32::from_be_bytes,
        _ => bail!("not a pcap file"),
    };
    let mut rest = &bytes[GLOBAL_HEADER..];
    let mut packets = Vec::new();
    while let Some((record, after)) = rest.split_at_checked(RECORD_HEADER) {
        let captured = [record[8], record[9], record[10], record[11]];
        let length = usize::try_from(number(captured)).unwrap_or(usize::MAX);
        let Some((frame, next)) = after.split_at_checked(length) else { break };
        packets.extend(ipv4(frame));
        rest = next;
    }
    Ok(packets)
}

fn ipv4(frame: &[u8]) -> Option<Packet> {
    if *frame.get(12..ETHERNET)? != IPV4 {
        return None;
    }
    let packet = frame.get(ETHERNET..)?;
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(at..at + 4)?).ok()?));
    let first_fragment = u16::from_be_bytes([*packet.get(6)?, *packet.get(7)?]) & 0x1fff == 0;
    let protocol = *packet.get(9)?;
    let ports = || {
        let bytes = packet.get(header..header + 4)?;
        Some(Ports {
            source: u16::from_be_bytes([bytes[0], bytes[1]]),
            destination: u16::from_be_bytes([bytes[2], bytes[3]]),
        })
    };
    let payload = match protocol {
        TCP if first_fragment && packet.get(header + 13)? & RESET != 0 => Payload::Reset,
        TCP if first_fragment => Payload::Tcp(ports()?),
        UDP if first_fragment => Payload::Udp(ports()?),
        other => Payload::Other(other),
    };
    Some(Packet { source: address(12)?, destination: address(16)?, dscp: packet.get(1)? >> 2, payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(protocol: u8, tos: u8, fragment: u16) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend(IPV4);
        frame.extend([0x45, tos, 0, 28, 0, 0]);
        frame.extend(fragment.to_be_bytes());
        frame.extend([64, protocol, 0, 0, 10, 0, 2, 15, 10, 0, 2, 3]);
        frame.extend([0xc0, 0x00, 0x00, 0x35, 0, 8, 0, 0]);
        // Rest of a TCP header: acknowledgement, offset, flags, window, checksum, pointer.
        frame.extend([0; 12]);
        frame
    }

    fn file(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1];
        bytes.resize(GLOBAL_HEADER, 0);
        for frame in frames {
            bytes.extend([0; 8]);
            let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
            bytes.extend(length);
            bytes.extend(length);
            bytes.extend(frame);
        }
        bytes
    }

    #[test]
    fn addresses_ports_and_code_point_are_read() {
        let packets = packets(&file(&[frame(UDP, 0xb8, 0), frame(TCP, 0, 0)])).unwrap();
        let ports = Ports { source: 49152, destination: 53 };
        assert_eq!(
            packets[0],
            Packet {
                source: Ipv4Addr::new(10, 0, 2, 15),
                destination: Ipv4Addr::new(10, 0, 2, 3),
                dscp: 46,
                payload: Payload::Udp(ports),
            }
        );
        assert_eq!(packets[1].payload, Payload::Tcp(ports));
    }

    #[test]
    fn a_reset_is_told_from_other_segments() {
        let mut reset = frame(TCP, 0x20, 0);
        reset[ETHERNET + 20 + 13] = RESET;
        assert_eq!(packets(&file(&[reset])).unwrap()[0].payload, Payload::Reset);
    }

    #[test]
    fn a_later_fragment_has_no_ports() {
        assert_eq!(packets(&file(&[frame(UDP, 0, 100)])).unwrap()[0].payload, Payload::Other(UDP));
    }

    #[test]
    fn a_file_still_being_written_ends_at_its_last_whole_packet() {
        let whole = file(&[frame(UDP, 0, 0), frame(UDP, 0, 0)]);
        for length in GLOBAL_HEADER..whole.len() {
            assert!(packets(&whole[..length]).unwrap().len() < 2);
        }
    }

    #[test]
    fn other_frames_and_other_files_are_no_packets() {
        assert_eq!(packets(&file(&[vec![0; 60], vec![], frame(UDP, 0, 0)[..20].to_vec()])).unwrap(), []);
        assert!(packets(b"not a capture, but long enough for one").is_err());
    }
}
