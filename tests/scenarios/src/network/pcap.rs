//! `pcap` keeps the wanted packets in a file that SFTP shows, whatever ends it; one capture runs at a time.

use std::{path::Path, time::Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
    capture::{self, Packet, Payload},
    lan::APPLIANCE,
};

use crate::{expect, stage::Stage};

const STARTED: &str = "Capturing on interface a. Press Ctrl-C to stop";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let console = &mut appliance.machine.console;
    console.send_line("pcap a filter tcp and port 22")?;
    console.expect(STARTED, ANSWER)?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let second = client.run("pcap a", ANSWER)?;
    expect::code(&second, 1)?;
    expect::holds(&format!("{}{}", second.stdout, second.stderr), "A capture is running already, started by admin")?;
    appliance.machine.console.interrupt(PROMPT, ANSWER)?;
    let packets = fetch(appliance, &saved(appliance)?, folder.path())?;
    let port22 = |packet: &Packet| match packet.payload {
        Payload::Tcp(ports) => ports.source == 22 || ports.destination == 22,
        Payload::Reset => true,
        _ => false,
    };
    ensure!(packets.iter().all(port22), "packets that the filter does not take are in the file");
    for (way, count) in [
        ("in", packets.iter().filter(|packet| packet.destination == APPLIANCE).count()),
        ("out", packets.iter().filter(|packet| packet.source == APPLIANCE).count()),
    ] {
        ensure!(count > 3, "{count} packets {way} of a whole login");
    }

    // A bound ends it by itself.
    let outcome = client.run("pcap a limit 1 2", ANSWER)?;
    expect::code(&outcome, 0)?;
    expect::holds(&outcome.stdout, "The time is over. ")?;

    // A login that is cut ends it too, and the file is whole.
    let mut login = client.session()?;
    login.terminal.expect_prompt(PROMPT, ANSWER)?;
    login.terminal.send_line("pcap a filter icmp")?;
    login.terminal.expect(STARTED, ANSWER)?;
    expect::holds(&appliance.command("ping 10.0.2.2")?, "4 received")?;
    drop(login);
    let deadline = Instant::now() + ANSWER;
    while appliance.command("pcap a limit 1 1")?.contains("is running already") {
        ensure!(Instant::now() < deadline, "the capture outlives its session");
    }
    let names = listed(appliance)?;
    ensure!(names.len() == 4, "not four captures: {names:?}");
    let icmp = fetch(appliance, &names[2], folder.path())?;
    ensure!(icmp.len() == 8, "not the eight packets of a ping: {icmp:?}");

    // Made by the appliance: removed, but not uploaded.
    let own = folder.path().join("mine");
    std::fs::write(&own, "no capture")?;
    let batch = format!("rm {}\n-put {} mine.pcap\n", names[0], own.display());
    expect::code(&client.sftp(&batch, ANSWER)?, 0)?;
    let names = listed(appliance)?;
    ensure!(names.len() == 3 && !names.contains(&"mine.pcap".to_owned()), "{names:?}");
    expect::holds(&appliance.command("pcap b")?, "Interface b is off")
}

/// The name that the last capture printed.
fn saved(appliance: &Appliance) -> Result<String> {
    let transcript = appliance.machine.console.transcript();
    let after = transcript.rsplit("Capture saved to ").next().context("no capture was saved")?;
    after.split_whitespace().next().map(str::to_owned).context("the capture has no name")
}

fn fetch(appliance: &Appliance, name: &str, folder: &Path) -> Result<Vec<Packet>> {
    let file = folder.join(name);
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    expect::code(&client.sftp(&format!("get {name} {}\n", file.display()), ANSWER)?, 0)?;
    capture::read(&file)
}

/// Captures in the folder, the oldest first.
fn listed(appliance: &Appliance) -> Result<Vec<String>> {
    let outcome = appliance.ssh(FACTORY, PASSWORD)?.sftp("ls -1\n", ANSWER)?;
    let names = outcome.stdout.lines().map(str::trim).filter(|name| name.ends_with(".pcap") && !name.contains(' '));
    Ok(names.map(str::to_owned).collect())
}
