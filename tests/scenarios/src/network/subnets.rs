//! No two interfaces in one subnet.

use anyhow::Result;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("ipv4 a add 10.0.2.15/24 10.0.2.2")?;
    let before = appliance.generations()?;
    let refusal = appliance.command("ipv4 b add 10.0.2.16/24 10.0.2.2")?;
    expect::holds(&refusal, "Interface a is already in subnet 10.0.2.0/24")?;
    let refusal = appliance.command("ipv4 b add 10.0.2.200/25 10.0.2.129")?;
    expect::holds(&refusal, "Interface a is already in subnet")?;
    let refusal = appliance.command("ipv4 b add 10.0.3.15/24 10.0.4.2")?;
    expect::holds(&refusal, "Gateway 10.0.4.2 is not reachable from 10.0.3.15/24")?;
    expect::holds(&appliance.command("ipv4 e add 10.0.3.15/24 10.0.3.2")?, "Invalid interface: e")?;
    expect::same(&appliance.generations()?.join(" "), &before.join(" "))?;
    // Next door is fine.
    appliance.silent("ipv4 b add 10.0.3.15/24 10.0.3.2")?;
    expect::holds(&appliance.command("ipv4 b")?, "Addresses:\n10.0.3.15/24\nRoutes:\n")?;
    expect::holds(&appliance.command("ping 10.0.3.2")?, "4 received")
}
