//! Backups, going back to one, and beginning anew.

use std::path::Path;

use anyhow::{Context as _, Result};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use crate::{Scenario, expect, scenario, stage::Moment};

mod cut;
mod elsewhere;
mod refused;
mod reset;

pub const ALL: &[Scenario] = &[
    scenario("backup::what_is_no_good_backup_changes_nothing", Moment::Shell, refused::run),
    scenario("backup::rollback_and_its_power_cuts", Moment::Shell, cut::run),
    scenario("backup::on_a_fresh_appliance_every_answer_is_the_same", Moment::Own, elsewhere::run),
    scenario("backup::factory_reset_begins_anew", Moment::Shell, reset::run),
];

/// `backup snapshot`, as documented.
fn snapshot(appliance: &mut Appliance, name: &str) -> Result<String> {
    let text = appliance.command(&format!("backup snapshot {name}"))?;
    expect::holds(&text, &format!("...\n{name}.bak ready for download"))?;
    Ok(text)
}

/// `backup rollback`, up to its question.
fn begin_rollback(appliance: &mut Appliance, name: &str) -> Result<String> {
    let console = &mut appliance.machine.console;
    console.send_line(&format!("backup rollback {name}"))?;
    console.expect("Are you sure you wish to continue? (Y/n)", ANSWER)
}

/// Uploads a file.
fn put(appliance: &Appliance, file: &Path, name: &str) -> Result<()> {
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    expect::code(&client.sftp(&format!("put {} {name}\n", file.display()), ANSWER)?, 0)
        .with_context(|| format!("upload of {name}"))
}

/// Downloads a file.
fn get(appliance: &Appliance, name: &str, file: &Path) -> Result<Vec<u8>> {
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    expect::code(&client.sftp(&format!("get {name} {}\n", file.display()), ANSWER)?, 0)
        .with_context(|| format!("download of {name}"))?;
    Ok(std::fs::read(file)?)
}
