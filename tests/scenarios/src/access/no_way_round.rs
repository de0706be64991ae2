//! SSH gives the shell, a line of it and the folder; no program, no forwarding, no environment.

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    for line in [
        "/bin/sh",
        "sh -c id",
        "/usr/sbin/sshd",
        "/usr/lib/rostrum/mmp-sftp",
        "/usr/lib/rostrum/mmp-auth",
        "dns; reboot",
        "dns && id",
        "$(id)",
        "`id`",
        "ping 10.0.2.2; id",
        "user list > /data/x",
        "help | sh",
    ] {
        let outcome = client.run(line, ANSWER)?;
        ensure!(!outcome.stdout.contains("uid="), "\"{line}\" ran a program: {}", outcome.stdout);
        ensure!(!outcome.status.success() || line.contains("mmp-sftp"), "\"{line}\" is accepted: {}", outcome.stdout);
    }
    // Forwarding: -W asks for a connection from the appliance to itself.
    let forward = client.with(&["-W", "127.0.0.1:22"], &[], ANSWER)?;
    ensure!(!forward.stdout.contains("SSH-"), "the appliance forwards connections");
    let remote = client.with(&["-o", "ExitOnForwardFailure=yes", "-R", "2201:127.0.0.1:22"], &["version"], ANSWER)?;
    ensure!(!remote.status.success(), "the appliance listens for others");
    let other = client.with(&["-s"], &["netconf"], ANSWER)?;
    ensure!(!other.status.success(), "an unknown subsystem is opened");
    // Names of the system are no accounts.
    for name in ["sshd", "unbound", "daemon", "nobody", "root"] {
        expect::code(&appliance.ssh(name, PASSWORD)?.run("version", ANSWER)?, 255)?;
        expect::code(&appliance.ssh(name, "")?.run("version", ANSWER)?, 255)?;
    }
    Ok(())
}
