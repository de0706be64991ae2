//! Each daemon is killed; it serves again by itself, at once, with the settings as they were.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::{Container, NSPAWN, until},
    lan, tools,
};

use crate::{boxes, stage::Stage};

/// A daemon that is gone for longer is missed by somebody.
const WITHIN: Duration = Duration::from_secs(10);

/// A unit, and a line to the shell with what it prints only while the unit's daemon serves.
const DAEMONS: [(&str, &str, &str); 4] = [
    ("mmpd.service", "hostname", "cms"),
    ("unbound.service", "dns lookup a cb9.example.net", "192.0.2.9"),
    ("chrony.service", "ntp status", "10.0.2.2"),
    ("systemd-networkd.service", "ipv4 a add 10.0.2.15/24 10.0.2.2", ""),
];

pub fn run(_: &mut Stage) -> Result<()> {
    ensure!(std::path::Path::new(NSPAWN).exists(), "the package systemd-container is missing");
    let folder = tempfile::tempdir_in(tools::target())?;
    let container = boxes::start_faulty(folder.path())?;
    let lines = "dns add rr \"cb9.example.net. 86400 IN A 192.0.2.9\"\nntp server add 10.0.2.2\n";
    container.lines(lines)?.success("settings")?;
    let before = container.newest_settings()?;
    let again = DAEMONS.iter().try_for_each(|(unit, line, shown)| {
        let serves = || {
            let answer = container.lines(&format!("{line}\n"))?;
            Ok(answer.status.success() && answer.stdout.contains(shown))
        };
        killed(&container, unit, serves)
    });
    boxes::explained(&container, again)?;
    let client = container.ssh(lan::APPLIANCE, FACTORY, PASSWORD)?;
    let ssh = killed(&container, "sshd.service", || Ok(client.run("version", ANSWER)?.status.success()));
    boxes::explained(&container, ssh)?;
    let waited = waited_for(&container, || Ok(client.run("version", ANSWER)?.status.success()));
    boxes::explained(&container, waited)?;
    ensure!(container.newest_settings()? == before, "the settings have changed");
    Ok(())
}

/// Kills a unit's first process and waits until another one serves.
fn killed(container: &Container, unit: &str, serves: impl Fn() -> Result<bool>) -> Result<()> {
    ensure!(serves()?, "{unit} does not serve at first");
    let before = process(container, unit)?;
    container.root(&["/usr/bin/systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit])?.success("the death")?;
    let started = Instant::now();
    until(&format!("{unit} again"), WITHIN, || {
        let now = process(container, unit)?;
        Ok(now != before && now != "0" && serves()?)
    })
    .with_context(|| format!("{unit} was killed"))?;
    eprintln!("{unit} serves again {:.0} ms after its death", started.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}

/// Who comes while there is no sshd is not refused: the port is held, and the connection waits for the next one.
fn waited_for(container: &Container, comes_in: impl Fn() -> Result<bool>) -> Result<()> {
    container.root(&["/usr/bin/systemctl", "stop", "sshd.service"])?.success("the end of sshd")?;
    ensure!(process(container, "sshd.service")? == "0", "sshd still runs");
    ensure!(comes_in()?, "who came while sshd was gone was refused");
    Ok(())
}

/// A unit's first process; 0 while it has none.
pub fn process(container: &Container, unit: &str) -> Result<String> {
    let shown = container.root(&["/usr/bin/systemctl", "show", "--property=MainPID", "--value", unit])?;
    Ok(shown.success("the process of a unit")?.trim().to_owned())
}
