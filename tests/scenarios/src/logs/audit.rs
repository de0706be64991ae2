//! Who audits reads the audit log, over SSH and SFTP, and nothing else; every command and login is in it.

use anyhow::Result;
use harness::appliance::ANSWER;

use crate::{access::accounts, expect, stage::Stage};

const TEMPORARY: &str = "Temporary-Pass-1";
const PASSWORD: &str = "Auditor-Pass-22";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    accounts::add(appliance, "eve", "audit", TEMPORARY)?;
    accounts::set_password(appliance, "eve", TEMPORARY, PASSWORD)?;
    appliance.command("dns add forwardzone nonsense")?;
    let eve = appliance.ssh("eve", PASSWORD)?;
    let lines = eve.run("audit tail 100", ANSWER)?.stdout;
    for wanted in [
        "local0.info cms cli: User admin from console ttyS0 issued command <user add eve audit>: permission granted",
        "login: User eve logged in from ",
        "issued command <audit tail 100>: permission granted",
    ] {
        expect::holds(&lines, wanted)?;
    }
    expect::lacks(&lines, TEMPORARY)?;
    expect::lacks(&lines, PASSWORD)?;
    expect::holds(&eve.run("audit search \"user add eve\"", ANSWER)?.stdout, "was carried out")?;
    for denied in ["syslog", "syslog tail", "syslog search x", "generate_logbundle"] {
        let outcome = eve.run(denied, ANSWER)?;
        expect::holds(&outcome.stderr, "Permission denied")?;
        expect::same(&outcome.stdout, "")?;
    }
    expect::holds(&eve.run("syslog audit", ANSWER)?.stdout, "Audit server  : none")?;

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("audit");
    expect::code(&eve.sftp(&format!("get audit {}\n", file.display()), ANSWER)?, 0)?;
    expect::holds(&std::fs::read_to_string(&file)?, "issued command <user add eve audit>: permission granted")?;
    let listed = eve.sftp("ls -1\n", ANSWER)?.stdout;
    expect::same(
        listed.lines().filter(|line| !line.starts_with("sftp>")).collect::<Vec<_>>().join("\n").trim(),
        "audit",
    )?;
    let refused = eve.sftp(&format!("get log {}\n", folder.path().join("log").display()), ANSWER)?;
    expect::holds(&refused.stderr, "not found")
}
