//! Host keys that a power cut left empty or half: the appliance makes them anew, says so at the login and in the audit log, and
//! keeps the ones that are whole.

use anyhow::Result;
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use crate::{badday, expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.wait_for_ssh()?;
    let before = appliance.command("ssh fingerprints")?;
    let used = badday::Used::take(stage)?;
    let empty = used.file(b"")?;
    let key = "/ssh/etc/ssh/ssh_host_ed25519_key";
    let damaged = used.after(&[format!("rm {key}"), format!("write {} {key}", empty.display())])?;
    let wanted = ["The SSH host key ed25519 was empty or damaged and is made anew", "'ssh fingerprints'"];
    let appliance = badday::tells(stage, &Builder::default().disk(&damaged), &wanted)?;
    appliance.wait_for_ssh()?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)?;
    let after = appliance.command("ssh fingerprints")?;
    let of = |text: &str, kind: &str| text.lines().find(|line| line.contains(kind)).unwrap_or_default().to_owned();
    expect::same(&of(&after, "ecdsa"), &of(&before, "ecdsa"))?;
    expect::holds(&of(&after, "ed25519"), "SHA256:")?;
    expect::lacks(&after, &of(&before, "ed25519"))?;
    expect::holds(&appliance.command("audit search \"host key ed25519\"")?, "was empty or damaged")
}
