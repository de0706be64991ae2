//! A record that the administrator sets resolves on the appliance, and is gone when it is deleted.

use anyhow::Result;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent(r#"dns add rr "cb9.example.net. 86400 IN A 192.0.2.9""#)?;
    appliance.silent(r#"dns add rr "_sip._tcp.example.net. 86400 IN SRV 0 5 5060 cb9.example.net.""#)?;
    expect::same(&appliance.command("dns lookup a cb9.example.net")?, "cb9.example.net. A 192.0.2.9")?;
    expect::same(
        &appliance.command("dns lookup srv _sip._tcp.example.net")?,
        "_sip._tcp.example.net. SRV 0 5 5060 cb9.example.net.\ncb9.example.net. A 192.0.2.9",
    )?;
    // Names of other commands resolve the same way.
    expect::holds(&appliance.command("ping cb9.example.net")?, "192.0.2.9")?;
    appliance.silent("dns del rr cb9.example.net. A")?;
    expect::lacks(&appliance.command("dns lookup a cb9.example.net")?, "192.0.2.9")
}
