//! Boots in a row all reach the login prompt, without a panic or a hang. `ROSTRUM_BOOTS` says how many.

use anyhow::{Context as _, Result};
use harness::Builder;

use crate::stage::Stage;

/// Boots of an ordinary test run.
const FEW: u32 = 3;

pub fn run(stage: &mut Stage) -> Result<()> {
    let count = match std::env::var("ROSTRUM_BOOTS") {
        Ok(text) => text.parse().context("ROSTRUM_BOOTS is not a number")?,
        Err(_) => FEW,
    };
    for number in 1..=count {
        let appliance = stage.boot_own(&Builder::default()).with_context(|| format!("boot {number} of {count}"))?;
        let wall = appliance.machine.started.elapsed().as_secs_f64();
        let used = appliance.machine.processor_seconds()?;
        eprintln!("boot {number} of {count}: login prompt after {wall:.1} s, {used:.1} s of processor time");
    }
    Ok(())
}
