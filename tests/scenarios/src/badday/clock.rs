//! By a clock at 1970 or 2099 everybody comes in as ever, no password has expired, and the login says what to type.

use anyhow::Result;
use harness::Builder;

use crate::{badday, expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let used = badday::Used::take(stage)?;
    let disk = used.after(&[])?;
    for base in ["1970-01-02T00:00:00", "2099-06-01T00:00:00"] {
        let builder = Builder::default().disk(&disk).extra(&["-rtc", &format!("base={base}")]);
        let appliance = badday::tells(stage, &builder, &["which cannot be right", "set it with `date set"])?;
        // Doing as told ends it.
        appliance.silent("date set 2026-12-01 12:00")?;
        appliance.log_out()?;
        let told = appliance.log_in_told(harness::appliance::FACTORY, harness::appliance::PASSWORD)?;
        expect::lacks(&told, "cannot be right")?;
    }
    Ok(())
}
