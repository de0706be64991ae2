//! A time zone is stored at once and counts for everything from the next boot.

use anyhow::Result;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let list = appliance.command("timezone list")?;
    for name in ["Africa/Abidjan", "America/New_York", "Etc/UTC", "Europe/London", "Pacific/Wallis"] {
        expect::holds(&list, name)?;
    }
    expect::holds(&appliance.command("timezone Europe/Nowhere")?, "Invalid timezone: Europe/Nowhere")?;
    appliance.command("timezone Asia/Tokyo")?;
    appliance.reboot()?;
    appliance.log_in(harness::appliance::FACTORY, harness::appliance::PASSWORD)?;
    expect::holds(&appliance.command("date")?, " JST")?;
    expect::holds(&appliance.command("timezone")?, "Asia/Tokyo")
}
