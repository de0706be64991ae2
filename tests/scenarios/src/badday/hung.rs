//! Daemons that hang and do not die are started anew by themselves, and open SSH sessions go on.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::{Container, NSPAWN, until},
    lan, tools,
};

use super::killed::process;
use crate::{boxes, stage::Stage};

/// For daemons that mmpd finds by asking; one that is slow has to be left alone.
const ASKED: Duration = Duration::from_secs(45);
/// For daemons that tell systemd that they are well.
const WATCHED: Duration = Duration::from_secs(20);

pub fn run(_: &mut Stage) -> Result<()> {
    ensure!(std::path::Path::new(NSPAWN).exists(), "the package systemd-container is missing");
    let folder = tempfile::tempdir_in(tools::target())?;
    let container = boxes::start_faulty(folder.path())?;
    boxes::explained(&container, all(&container))
}

fn all(container: &Container) -> Result<()> {
    let lines = "dns add rr \"cb9.example.net. 86400 IN A 192.0.2.9\"\nntp server add 10.0.2.2\n";
    container.lines(lines)?.success("settings")?;
    let client = container.ssh(lan::APPLIANCE, FACTORY, PASSWORD)?;
    let mut session = client.session()?;
    session.terminal.expect_prompt("cms>", ANSWER)?;

    let asked = ["unbound.service", "chrony.service", "sshd.service"];
    let before = asked.iter().map(|unit| process(container, unit)).collect::<Result<Vec<_>>>()?;
    for unit in asked {
        hang(container, unit)?;
    }
    let started = Instant::now();
    // Somebody calls, and waits; the client's own time to wait is longer.
    let called = client.run("version", 2 * ASKED)?;
    ensure!(called.status.success(), "SSH does not serve again: {}", called.stderr);
    for (unit, before) in asked.iter().zip(before) {
        again(container, unit, &before, started, ASKED)?;
    }
    until("the resolver", ANSWER, || {
        Ok(container.lines("dns lookup a cb9.example.net\n")?.stdout.contains("192.0.2.9"))
    })?;
    until("the clock", ANSWER, || Ok(container.lines("ntp status\n")?.status.success()))?;
    session.terminal.command("cms>", "version", ANSWER).context("the open session")?;

    for unit in ["systemd-networkd.service", "mmpd.service"] {
        let before = process(container, unit)?;
        hang(container, unit)?;
        again(container, unit, &before, Instant::now(), WATCHED)?;
    }
    until("mmpd", ANSWER, || Ok(container.lines("version\n")?.status.success()))?;
    session.terminal.command("cms>", "version", ANSWER).context("the open session").map(drop)
}

fn hang(container: &Container, unit: &str) -> Result<()> {
    let words = ["/usr/bin/systemctl", "kill", "--kill-whom=main", "--signal=STOP", unit];
    container.root(&words)?.success("the hanging").map(drop)
}

fn again(container: &Container, unit: &str, before: &str, since: Instant, within: Duration) -> Result<()> {
    until(&format!("{unit} again"), within, || {
        let now = process(container, unit)?;
        Ok(now != before && now != "0")
    })?;
    eprintln!("{unit} is there again {:.1} s after it began to hang", since.elapsed().as_secs_f64());
    Ok(())
}
