//! The power goes while a change waits for its confirmation: the next boot has the settings before it, and says so.

use anyhow::Result;
use harness::appliance::{FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("dns add forwardzone kept.example.com 10.0.2.3")?;
    expect::holds(&appliance.command("try for 3600 ipv4 a add 203.0.113.5/24 203.0.113.1")?, "On condition")?;
    // A change of something else meanwhile is nobody's business but its own.
    appliance.silent("dns add forwardzone beside.example.com 10.0.2.3")?;
    appliance.machine.power_cycle()?;
    appliance.wait_for_login()?;
    appliance.enter(FACTORY, PASSWORD)?;
    let greeting = appliance.machine.console.expect(&appliance.prompt.clone(), harness::appliance::ANSWER)?;
    expect::holds(&greeting, "was not confirmed before the restart and therefore undone")?;
    let zones = appliance.command("dns")?;
    expect::holds(&zones, "kept.example.com")?;
    expect::holds(&zones, "beside.example.com")?;
    let address = appliance.command("ipv4 a")?;
    expect::lacks(&address, "203.0.113.5")?;
    expect::holds(&appliance.command("try")?, "Nothing waits for a confirmation")
}
