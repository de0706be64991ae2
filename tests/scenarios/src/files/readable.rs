//! `live.json` is the configuration in force and `boot.json` the one of the last boot, in the documented form; both
//! are complete, hold no password, and cannot be written.

use std::fs;

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};
use serde_json::Value;

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("ipv4 b add 10.0.3.15/24 10.0.3.2")?;
    appliance.silent("ipv4 b route add 198.51.100.0/24")?;
    appliance.silent("ntp server add 192.0.2.123")?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let folder = tempfile::tempdir()?;
    let down = |name: &str| folder.path().join(name);
    let batch = format!("ls -1\nget live.json {0}/live\nget boot.json {0}/boot\n", folder.path().display());
    let outcome = client.sftp(&batch, ANSWER)?;
    expect::code(&outcome, 0)?;
    expect::holds(&outcome.stdout, "\nboot.json\nlive.json\n")?;
    let (live, boot) = (fs::read_to_string(down("live"))?, fs::read_to_string(down("boot"))?);
    for text in [&live, &boot] {
        expect::lacks(text, "$y$")?;
    }
    expect::lacks(&boot, "192.0.2.123")?;

    let live: Value = serde_json::from_str(&live)?;
    let second = &live["ipv4"]["module"]["interfaces"]["eth3"];
    for (key, wanted) in [
        ("address", "10.0.3.15"),
        ("dhcp", "false"),
        ("enabled", "true"),
        ("gateway", "10.0.3.2"),
        ("macaddress", "52:54:00:52:4F:01"),
        ("prefixlen", "24"),
    ] {
        ensure!(second[key] == wanted, "{key} of b is {} in: {live:#}", second[key]);
    }
    ensure!(second["routes"]["198=51=100=0-24"]["address"] == "198.51.100.0", "the route is missing in: {live:#}");
    ensure!(live["settings"]["ntp"]["settings"]["servers"][0] == "192.0.2.123", "NTP is missing in: {live:#}");
    // What was asked for before is what a restarted appliance reads.
    appliance.reboot()?;
    appliance.wait_for_ssh()?;
    expect::code(&client.sftp(&format!("get boot.json {}\n", down("boot").display()), ANSWER)?, 0)?;
    let boot: Value = serde_json::from_str(&fs::read_to_string(down("boot"))?)?;
    ensure!(boot == live, "boot.json is not what was live: {boot:#}\n\nand not {live:#}");

    for refused in [format!("put {} live.json", down("boot").display()), "rm boot.json".into()] {
        ensure!(!client.sftp(&format!("{refused}\n"), ANSWER)?.status.success(), "\"{refused}\" is accepted");
    }
    Ok(())
}
