//! The machine is reset the instant after a change is acknowledged; the change is there at the next boot.

use anyhow::Result;
use harness::appliance::{FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    for number in 1..=3 {
        appliance.silent(&format!("dns add forwardzone zone{number}.example.com 10.0.2.{number}"))?;
        appliance.machine.power_cycle()?;
        appliance.wait_for_login()?;
        appliance.log_in(FACTORY, PASSWORD)?;
        let zones = appliance.command("dns")?;
        for kept in 1..=number {
            expect::holds(&zones, &format!("    zone{kept}.example.com         10.0.2.{kept}\n"))?;
        }
    }
    Ok(())
}
