//! IPv6 from a router's advertisements, then by hand; SSH over both, also after a reboot; an address that another host has
//! is refused.

use std::{net::IpAddr, time::Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
    lan::{FAR6, ROUTER6},
    peers,
};
use serde_json::Value;

use crate::{expect, stage::Stage};

/// Made by the appliance of its MAC address and the advertised prefix (RFC 4291 appendix A).
const ADVERTISED: &str = "2001:db8:2:0:5054:ff:fe52:4f00";
const BY_HAND: &str = "2001:db8:2::15";

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    expect::holds(&appliance.command("ipv6 a")?, "IPv6 observed values\nAddresses:\nRoutes:\n")?;
    let folder = tempfile::tempdir_in(appliance.machine.folder())?;
    let router = peers::router(folder.path())?;
    appliance.silent("ipv6 a enable")?;
    await_advertised(appliance)?;
    reached(appliance, ADVERTISED)?;
    expect::holds(&appliance.command(&format!("ping {FAR6}"))?, "4 received")?;

    // An answered change is in force: the address is known to be the appliance's alone.
    appliance.silent("ipv6 a slaac disable")?;
    appliance.silent(&format!("ipv6 a add {BY_HAND}/64"))?;
    appliance.silent(&format!("ipv6 a router add {ROUTER6}"))?;
    let text = appliance.command("ipv6 a")?;
    expect::holds(&text, "IPv6 configuration:\n    address         2001:db8:2::15/64\n    default         true\n")?;
    expect::value(&text, "router", "2001:db8:2::2")?;
    expect::value(&text, "slaac", "false")?;
    expect::holds(&text, &format!("Addresses:\n{BY_HAND}/64\n"))?;
    expect::lacks(&text, ADVERTISED)?;
    drop(router);
    expect::holds(&appliance.command(&format!("ping {FAR6}"))?, "4 received")?;

    let before = appliance.generations()?;
    let refusal = appliance.command(&format!("ipv6 a add {ROUTER6}/64"))?;
    expect::holds(&refusal, "2001:db8:2::2 is the router's address")?;
    appliance.silent(&format!("ipv6 a router del {ROUTER6}"))?;
    let refusal = appliance.command(&format!("ipv6 a add {ROUTER6}/64"))?;
    expect::holds(&refusal, "another host on the segment has the address 2001:db8:2::2")?;
    appliance.silent(&format!("ipv6 a router add {ROUTER6}"))?;
    ensure!(appliance.generations()?.len() >= before.len(), "generations are lost");

    appliance.reboot()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    reached(appliance, BY_HAND)?;
    expect::holds(&appliance.command(&format!("ping {FAR6}"))?, "4 received")?;

    appliance.silent("ipv6 a disable")?;
    let text = appliance.command("ipv6 a")?;
    expect::holds(&text, "IPv6 observed values\nAddresses:\nRoutes:\n")?;
    expect::value(&text, "address", "2001:db8:2::15/64")
}

/// Addresses come when the router speaks.
fn await_advertised(appliance: &mut Appliance) -> Result<()> {
    let deadline = Instant::now() + ANSWER;
    let wanted = format!("{ADVERTISED}/64");
    loop {
        let shown: Value = serde_json::from_str(&appliance.command("ipv6 a --json")?)?;
        let addresses = shown["observed_addresses"].as_array().context("no addresses in the answer")?;
        if addresses.iter().any(|address| *address == wanted) {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "no address is made of the advertised prefix: {shown}");
    }
}

/// SSH over this address, which the log names as the appliance's.
fn reached(appliance: &mut Appliance, address: &str) -> Result<()> {
    let address: IpAddr = address.parse()?;
    appliance.wait_for_ssh_at(address)?;
    expect::code(&appliance.ssh_to(address, FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)
}
