//! A syslog server is killed, cut off and frozen, and in the end has every line, in order, once.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use harness::{
    Appliance, LogServer,
    appliance::{ANSWER, FACTORY, PASSWORD},
    lan,
};

use crate::{expect, stage::Stage};

const PORT: u16 = 1514;
/// Longest way back to a server: the forwarder waits at most 30 s, the kernel's retransmission somewhat longer.
const BACK: Duration = Duration::from_secs(120);

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let refused = appliance.command("syslog enable")?;
    expect::holds(&refused, "No syslog server configured")?;
    let mut server = LogServer::start(lan::GATEWAY, PORT)?;
    appliance.silent(&format!("syslog server add {} {PORT}", lan::GATEWAY))?;
    appliance.silent("syslog enable")?;
    let mut sent = 0;
    say(appliance, &mut sent, 1)?;
    server.wait_for("<marker 1>", BACK)?;
    let state = appliance.command("syslog")?;
    expect::holds(&state, "Enabled       : true\nServer        : 10.0.2.2:1514\n    tcp, connected, ")?;
    expect::holds(&appliance.command("syslog server del 10.0.2.2")?, "syslog is enabled")?;

    // Many lines while it dies again and again.
    for _ in 0..3 {
        let lines: String = (sent + 1..=sent + 40).map(|n| format!("marker {n}\n")).collect();
        sent += 40;
        appliance.ssh(FACTORY, PASSWORD)?.pipe(&lines, ANSWER)?;
        server.kill();
        server.revive()?;
    }
    // Away for a while.
    server.kill();
    say(appliance, &mut sent, 5)?;
    server.revive()?;
    server.wait_for(&format!("<marker {sent}>"), BACK)?;
    // Its cable is out.
    appliance.set_link('a', false)?;
    say(appliance, &mut sent, 5)?;
    appliance.set_link('a', true)?;
    server.wait_for(&format!("<marker {sent}>"), BACK)?;
    // It does not read.
    server.freeze(true);
    say(appliance, &mut sent, 5)?;
    server.freeze(false);
    server.wait_for(&format!("<marker {sent}>"), BACK)?;

    let lines = server.lines();
    let numbers: Vec<u32> = lines.iter().filter_map(|line| number(line)).collect();
    for (at, found) in numbers.iter().enumerate() {
        let wanted = u32::try_from(at)? + 1;
        if *found != wanted {
            bail!("marker {found} stands where marker {wanted} should");
        }
    }
    ensure!(numbers.len() == sent as usize, "{} of {sent} lines", numbers.len());
    appliance.silent("syslog disable")?;
    appliance.silent("syslog server del 10.0.2.2")
}

/// Types lines that are no commands, each of which leaves a line in the log.
fn say(appliance: &mut Appliance, sent: &mut u32, count: u32) -> Result<()> {
    for _ in 0..count {
        *sent += 1;
        expect::holds(&appliance.command(&format!("marker {sent}"))?, "Unknown command: marker")?;
    }
    Ok(())
}

fn number(line: &str) -> Option<u32> {
    line.split_once("issued command <marker ")?.1.split_once('>')?.0.parse().ok()
}
