//! `user evict` ends an account's shells and SFTP sessions at once, with the connections that carry them, and nobody
//! else's; the account may come in again.

use std::process::Stdio;

use anyhow::{Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
    process::Running,
    terminal::Terminal,
};

use super::accounts::{add, set_password};
use crate::{expect, stage::Stage};

const TEMPORARY: &str = "Temporary-Pass-1";
const OWN: &str = "Bobs-Own-Pass-3";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    add(appliance, "bob", "crypto", TEMPORARY)?;
    set_password(appliance, "bob", TEMPORARY, OWN)?;
    let bob = appliance.ssh("bob", OWN)?;
    let mut shell = bob.session()?;
    shell.terminal.expect_prompt(PROMPT, ANSWER)?;
    let mut command = bob.sftp_command();
    let mut folder = Running::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()))?;
    let (reader, writer) = folder.pipes().ok_or_else(|| anyhow::anyhow!("sftp has no pipes"))?;
    let mut listing = Terminal::new("sftp bob", reader, writer);
    listing.send("pwd\n")?;
    listing.expect("Remote working directory", ANSWER)?;
    let mut other = appliance.ssh(FACTORY, PASSWORD)?.session()?;
    other.terminal.expect_prompt(PROMPT, ANSWER)?;
    expect::holds(&appliance.command("user list | include bob")?, "yes")?;

    appliance.silent("user evict bob")?;
    shell.wait(ANSWER)?;
    // Its client sees the end when it asks next.
    listing.send("ls\n")?;
    ensure!(!folder.wait(ANSWER)?.success(), "the folder is listed after the eviction");
    let row = appliance.command("user list | include bob")?;
    expect::lacks(&row, "yes")?;
    expect::holds(&row, "no")?;
    // The administrator's own other login is still there, until that is evicted too; the one that asks stays.
    expect::holds(&other.terminal.command(PROMPT, "user list", ANSWER)?, "bob")?;
    appliance.silent("user evict admin")?;
    other.wait(ANSWER)?;
    expect::code(&bob.run("version", ANSWER)?, 0)
}
