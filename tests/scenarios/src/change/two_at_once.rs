//! Two administrators at once: each sees what the other did, and nobody overwrites it unseen.

use anyhow::Result;
use harness::appliance::{ANSWER, FACTORY, PASSWORD, PROMPT};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let mut other = appliance.ssh(FACTORY, PASSWORD)?.session()?;
    other.terminal.expect_prompt(PROMPT, ANSWER)?;
    // Behind the back of the other, whose prompt stands already.
    appliance.silent("dscp 4 voice 46")?;
    let refused = other.terminal.command(PROMPT, "dscp 4 voice 10", ANSWER)?;
    expect::holds(&refused, "Somebody was quicker: admin from console ttyS0 changed: dscp 4 voice 46")?;
    expect::same(&other.terminal.command(PROMPT, "dscp 4 voice 10", ANSWER)?, "")?;
    // And what he did is told here.
    appliance.machine.console.send("\r")?;
    appliance.machine.console.expect("changed: dscp 4 voice 10", ANSWER)?;
    appliance.machine.console.expect_prompt(PROMPT, ANSWER)?;
    expect::same(&appliance.command("dscp 4 voice 12")?, "")?;
    // A script is not held up.
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("dscp 4 voice 14", ANSWER)?, 0)
}
