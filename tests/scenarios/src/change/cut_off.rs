//! A change on condition that takes the ground from under its own SSH session: it is undone by itself, loudly, and the
//! administrator gets in again without anybody's help.

use std::time::Duration;

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD, PROMPT};

use crate::{expect, stage::Stage};

/// The shortest time to confirm in, the undoing itself, and a busy host.
const UNDONE: Duration = Duration::from_secs(60);

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let before = appliance.command("ipv4 a")?;
    let mut session = appliance.ssh(FACTORY, PASSWORD)?.session()?;
    session.terminal.expect_prompt(PROMPT, ANSWER)?;
    session.terminal.send_line("try for 10 ipv4 a add 198.51.100.7/24 198.51.100.1")?;
    // The answer comes before the change.
    session.terminal.expect("On condition: type 'confirm' within 10 s, or it is undone", ANSWER)?;

    // The console sees it at its next prompt, and when it is undone.
    let deadline = std::time::Instant::now() + ANSWER;
    while !appliance.command("ipv4 a")?.contains("198.51.100.7/24") {
        ensure!(std::time::Instant::now() < deadline, "the change does not come into force");
    }
    expect::holds(&appliance.command("try")?, "try for 10 ipv4 a add 198.51.100.7/24 198.51.100.1")?;
    appliance.machine.console.expect("not confirmed in time and therefore undone", UNDONE)?;
    appliance.wait_for_ssh()?;
    let greeting = {
        let mut again = appliance.ssh(FACTORY, PASSWORD)?.session()?;
        let text = again.terminal.expect(PROMPT, ANSWER)?;
        again.terminal.send_line("exit")?;
        text
    };
    expect::holds(&greeting, "not confirmed in time and therefore undone")?;
    appliance.wake()?;
    expect::holds(&appliance.command("try")?, "Nothing waits for a confirmation")?;
    let after = appliance.command("ipv4 a")?;
    expect::same(configured(&after), configured(&before))?;

    // Confirmed from a session at the new address, it stays.
    let changed = appliance.ssh(FACTORY, PASSWORD)?.run("try for 60 ipv4 a add 10.0.2.77/24 10.0.2.2", ANSWER)?;
    expect::holds(&changed.stdout, "On condition")?;
    let address = [10, 0, 2, 77].into();
    appliance.wait_for_ssh_at(address)?;
    let confirmed = appliance.ssh_to(address, FACTORY, PASSWORD)?.run("confirm", ANSWER)?;
    expect::holds(&confirmed.stdout, "Confirmed: try for 60 ipv4 a add 10.0.2.77/24 10.0.2.2")?;
    expect::holds(&appliance.command("try")?, "Nothing waits for a confirmation")
}

/// The settings, without what the kernel shows.
fn configured(text: &str) -> &str {
    text.split("IPv4 observed values").next().unwrap_or_default()
}
