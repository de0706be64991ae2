//! What an administrator does with files, with `sftp` and `scp`.

use std::fs;

use anyhow::{Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};

use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    // Longer than any buffer on the way, and not a round number.
    let content: Vec<u8> = (0_u32..700_001).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(path("up"), &content)?;
    let (up, down) = (path("up").display().to_string(), path("down").display().to_string());

    let batch = format!(
        "put {up} onecert.cer\nls -l\nget onecert.cer {down}\nrename onecert.cer cms.lic\nls -1\nrm cms.lic\nls -1\n"
    );
    let outcome = client.sftp(&batch, ANSWER)?;
    expect::code(&outcome, 0)?;
    expect::holds(&outcome.stdout, "700001")?;
    ensure!(fs::read(path("down"))? == content, "the file came back changed");
    let last = outcome.stdout.rsplit("sftp> rm").next().unwrap_or_default();
    expect::holds(outcome.stdout.rsplit("sftp> rename").next().unwrap_or_default(), "\ncms.lic\n")?;
    expect::lacks(last.split_once('\n').map_or("", |(_, listing)| listing), "cms.lic\n")?;

    expect::code(&client.scp_to(&path("up"), "chain.pem", ANSWER)?, 0)?;
    expect::code(&client.scp_from("chain.pem", &path("again"), ANSWER)?, 0)?;
    ensure!(fs::read(path("again"))? == content, "scp brought the file back changed");

    // It survives a power cut right after.
    appliance.machine.power_cycle()?;
    appliance.wait_for_login()?;
    appliance.wait_for_ssh()?;
    fs::remove_file(path("down"))?;
    expect::code(&client.sftp(&format!("get chain.pem {down}\n"), ANSWER)?, 0)?;
    ensure!(fs::read(path("down"))? == content, "the file did not survive");
    Ok(())
}
