//! The system log on the screen and as files.

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.command("marker-one")?;
    let found = appliance.command("syslog search marker-one")?;
    expect::holds(
        &found,
        " local0.info cms cli: User admin from console ttyS0 issued command <marker-one>: permission granted",
    )?;
    ensure!(appliance.command("syslog tail 3")?.lines().count() == 3, "three lines were asked for");
    // A line of its own comes a moment after it was asked for; the one of the command before is there.
    expect::holds(&appliance.command("syslog tail 5")?, "issued command <syslog tail 3>: permission granted")?;
    // Followed until Ctrl-C, while somebody else types.
    let console = &mut appliance.machine.console;
    console.send_line("syslog follow")?;
    console.expect("issued command <syslog follow>", ANSWER)?;
    appliance.ssh(FACTORY, PASSWORD)?.run("marker-two", ANSWER)?;
    let console = &mut appliance.machine.console;
    console.expect("issued command <marker-two>", ANSWER)?;
    console.interrupt("cms>", ANSWER)?;
    // An escape sequence from a name or a line does not reach the terminal.
    appliance.ssh("\u{1b}[2Jnobody", "x")?.run("version", ANSWER)?;
    let tail = appliance.command("syslog tail 20")?;
    ensure!(!tail.contains('\u{1b}'), "an escape sequence went through: {tail}");
    expect::holds(&appliance.command("syslog page | include marker-one | count")?, "")
}

pub fn files(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.command("marker-three")?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    expect::code(&client.sftp(&format!("get log {}\n", at("log").display()), ANSWER)?, 0)?;
    let log = std::fs::read_to_string(at("log"))?;
    expect::holds(&log, "issued command <marker-three>: permission granted\n")?;
    expect::holds(&log, " kern.")?;

    expect::holds(&appliance.command("syslog rotate saved.log")?, "saved.log ready for download")?;
    let batch = format!("get saved.log {}\nget log.1 {}\n", at("saved").display(), at("log.1").display());
    expect::code(&client.sftp(&batch, ANSWER)?, 0)?;
    expect::holds(&std::fs::read_to_string(at("saved"))?, "<marker-three>")?;
    expect::holds(&std::fs::read_to_string(at("log.1"))?, "<marker-three>")?;
    expect::code(&client.sftp(&format!("get log {}\n", at("log").display()), ANSWER)?, 0)?;
    expect::lacks(&std::fs::read_to_string(at("log"))?, "<marker-three>")?;

    expect::holds(&appliance.command("generate_logbundle")?, "logbundle.tar.gz ready for download")?;
    expect::code(&client.sftp(&format!("get logbundle.tar.gz {}\n", at("bundle").display()), ANSWER)?, 0)?;
    let unpacked = std::process::Command::new("tar").args(["-xzOf"]).arg(at("bundle")).output()?;
    ensure!(unpacked.status.success(), "the bundle is not an archive");
    let text = String::from_utf8_lossy(&unpacked.stdout);
    for wanted in ["<marker-three>", "\"hostname\"", "mmpd.service", "MemTotal"] {
        expect::holds(&text, wanted)?;
    }
    for secret in ["$y$", "PRIVATE KEY", PASSWORD] {
        expect::lacks(&text, secret)?;
    }
    Ok(())
}
