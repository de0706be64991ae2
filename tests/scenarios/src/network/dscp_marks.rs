//! The appliance's own SSH, DNS and NTP packets carry the class that is set for management traffic, as a capture on the
//! host's side of the NIC shows; without one they carry none.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    capture::{Packet, Payload},
    lan::APPLIANCE,
};

use crate::{expect, stage::Stage};

/// The five lines of the documented set-up.
pub const SEED: [&str; 5] = [
    "dscp 4 multimedia 0x22",
    "dscp 4 multimedia-streaming 0x22",
    "dscp 4 voice 0x2E",
    "dscp 4 signaling 0x1A",
    "dscp 4 low-latency 0x1A",
];

const OAM: u8 = 16;

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    for line in SEED {
        appliance.silent(line)?;
    }
    appliance.silent("dns add forwardzone . 10.0.2.3")?;
    appliance.silent("ntp server add 10.0.2.2")?;
    traffic(appliance)?;
    // None of the five is management traffic.
    check(appliance, 0)?;

    appliance.silent(&format!("dscp 4 oam {OAM}"))?;
    let already = appliance.packets()?.len();
    appliance.silent("ntp server del 10.0.2.2")?;
    appliance.silent("ntp server add 10.0.2.2")?;
    traffic(appliance)?;
    let packets = appliance.packets()?.split_off(already);
    check_packets(&packets, OAM)
}

/// An SSH login, a DNS question and an NTP exchange.
fn traffic(appliance: &mut Appliance) -> Result<()> {
    let before = appliance.packets()?.len();
    appliance.silent("dns flush")?;
    appliance.command("dns lookup a cb1.example.com")?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("dns", ANSWER)?, 0)?;
    let deadline = Instant::now() + ANSWER;
    while !appliance.packets()?.split_off(before).iter().any(|packet| service(packet) == Some("NTP")) {
        ensure!(Instant::now() < deadline, "no NTP packet leaves");
        // Each command takes its time; the capture grows meanwhile.
        appliance.command("ntp status")?;
    }
    Ok(())
}

fn check(appliance: &Appliance, class: u8) -> Result<()> {
    check_packets(&appliance.packets()?, class)
}

fn check_packets(packets: &[Packet], class: u8) -> Result<()> {
    for name in ["SSH", "DNS", "NTP"] {
        let of: Vec<&Packet> = packets.iter().filter(|packet| service(packet) == Some(name)).collect();
        ensure!(!of.is_empty(), "no {name} packet leaves");
        if let Some(wrong) = of.iter().find(|packet| packet.dscp != class) {
            bail!("a {name} packet carries class {} and not {class}: {wrong:?}", wrong.dscp);
        }
    }
    Ok(())
}

/// What a packet that the appliance sent belongs to.
fn service(packet: &Packet) -> Option<&'static str> {
    if packet.source != APPLIANCE {
        return None;
    }
    match packet.payload {
        Payload::Tcp(ports) if ports.source == 22 => Some("SSH"),
        Payload::Udp(ports) | Payload::Tcp(ports) if ports.destination == 53 => Some("DNS"),
        Payload::Udp(ports) if ports.destination == 123 => Some("NTP"),
        _ => None,
    }
}
