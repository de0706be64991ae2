//! A cable that is pulled and plugged in again.

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};
use serde_json::Value;
use std::time::Instant;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("ipv4 a add 10.0.2.15/24 10.0.2.2")?;
    appliance.set_link('a', false)?;
    let deadline = Instant::now() + ANSWER;
    loop {
        let shown: Value = serde_json::from_str(&appliance.command("iface a --json")?)?;
        if shown["carrier"] == false {
            break;
        }
        ensure!(Instant::now() < deadline, "the pulled cable is not noticed: {shown}");
    }
    appliance.set_link('a', true)?;
    appliance.wait_for_ssh()?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("ipv4 a", ANSWER)?, 0)
}
