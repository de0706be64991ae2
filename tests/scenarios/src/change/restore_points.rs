//! Restore points: what was changed by whom, what differs, and the way back.

use anyhow::Result;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("dns add forwardzone one.example.com 10.0.2.3")?;
    let list = appliance.command("settings list")?;
    let newest = list.lines().nth(1).unwrap_or_default();
    expect::holds(newest, "dns add forwardzone one.example.com 10.0.2.3")?;
    expect::holds(newest, "console ttyS0")?;
    let point = newest.split_whitespace().next().unwrap_or_default().to_owned();

    appliance.silent("dns del forwardzone one.example.com 10.0.2.3")?;
    appliance.silent("dscp 4 voice 46")?;
    let differences = appliance.command(&format!("settings compare {point}"))?;
    expect::holds(&differences, "dns\n  - forward_zones.")?;
    expect::holds(&differences, "dscp\n  + ipv4.voice = \"0x2E\"")?;
    expect::same(&appliance.command(&format!("settings restore {point} --yes"))?, "")?;
    expect::same(&appliance.command(&format!("settings compare {point}"))?, "No difference")?;
    expect::holds(&appliance.command("dns")?, "one.example.com")?;
    expect::same(&appliance.command("settings restore 9999 --yes")?, "No such restore point: 9999\nsee `settings list`")
}
