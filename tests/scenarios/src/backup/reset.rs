//! `factory_reset app` leaves everything of the command line's side; `factory_reset full` is a first boot again, also when
//! the power goes in its middle.

use std::fs;

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use super::{put, snapshot};
use crate::{expect, stage::Stage};

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "license")?;
    appliance.silent("ntp server add 192.0.2.123")?;
    put(appliance, &file, "cms.lic")?;
    snapshot(appliance, "before")?;

    ask(appliance, "app", "n")?;
    appliance.machine.console.expect("Aborted", ANSWER)?;
    appliance.machine.console.expect_prompt("cms>", ANSWER)?;
    ask(appliance, "app", "Y")?;
    appliance.wait_for_login()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    expect::same(&appliance.command("ntp server list")?, "192.0.2.123")?;
    expect::same(&appliance.command("backup list")?, "before")?;

    let work = tempfile::tempdir_in(appliance.machine.folder())?;
    let key = appliance.data(work.path())?.read("/ssh/etc/ssh/ssh_host_ed25519_key.pub")?;
    ask(appliance, "full", "Y")?;
    // Erased, and what the first start would make anew only begun.
    appliance.machine.console.expect("factory_reset full is carried out", harness::appliance::BOOT)?;
    appliance.machine.power_cycle()?;
    appliance.wait_for_login()?;
    appliance.first_login()?;
    expect::same(&appliance.command("ntp server list")?, "")?;
    expect::same(&appliance.command("backup list")?, "")?;
    let users = appliance.command("user list")?;
    ensure!(users.lines().count() == 2, "accounts are left: {users}");
    appliance.wait_for_ssh()?;
    let work = tempfile::tempdir_in(appliance.machine.folder())?;
    let data = appliance.data(work.path())?;
    expect::same(&data.list("/files")?.join(" "), "")?;
    ensure!(data.list("/")?.iter().all(|name| name != "factory-reset"), "the request is still there");
    let new = data.read("/ssh/etc/ssh/ssh_host_ed25519_key.pub")?;
    ensure!(new != key && new.starts_with("ssh-ed25519 "), "the host key is the old one");
    ensure!(data.list("/settings")?.len() == 1, "restore points are left: {:?}", data.list("/settings")?);
    ensure!(data.list("/log/journal")?.len() == 1, "the old log is left: {:?}", data.list("/log/journal")?);
    Ok(())
}

fn ask(appliance: &mut Appliance, scope: &str, answer: &str) -> Result<()> {
    let console = &mut appliance.machine.console;
    console.send_line(&format!("factory_reset {scope}"))?;
    console.expect("(Y/n)", ANSWER)?;
    console.send_line(answer)
}
