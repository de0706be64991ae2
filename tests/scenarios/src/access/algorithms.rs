//! `ssh algorithms` changes what new connections may use and leaves open ones alone; `ssh fingerprints` shows what clients
//! see.

use anyhow::{Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
    process::host,
};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let old = || client.with(&["-o", "KexAlgorithms=diffie-hellman-group14-sha1"], &["version"], ANSWER);
    ensure!(!old()?.status.success(), "SHA-1 is offered");
    let mut session = client.session()?;
    session.terminal.expect_prompt(PROMPT, ANSWER)?;

    expect::holds(&appliance.command("ssh algorithms compatible")?, "WARNING: SSH now offers older algorithms too")?;
    expect::code(&old()?, 0)?;
    expect::code(&client.run("ssh", ANSWER)?, 0)?;
    appliance.silent("ssh algorithms modern")?;
    ensure!(!old()?.status.success(), "SHA-1 is still offered");
    // The session that was open all the time.
    expect::holds(&session.terminal.command(PROMPT, "ssh", ANSWER)?, "Algorithms            : modern")?;

    let known = appliance.machine.file("known_hosts").display().to_string();
    let seen = host("ssh-keygen", ["-l".into(), "-f".into(), known])?;
    let fingerprint = seen.split_whitespace().find(|word| word.starts_with("SHA256:")).unwrap_or("no fingerprint");
    expect::holds(&appliance.command("ssh fingerprints")?, fingerprint)
}
