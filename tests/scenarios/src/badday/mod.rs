//! Bad days: each ends in a login that says what is wrong and what to type, with everything acknowledged still there.

use std::{fs, path::PathBuf};

use anyhow::{Result, ensure};
use harness::{
    Appliance, Builder,
    appliance::{FACTORY, PASSWORD},
    disk, machine,
};
use tempfile::TempDir;

use crate::{
    Scenario, expect, scenario,
    stage::{Moment, Stage},
};

mod cards;
mod clock;
mod damaged_settings;
mod failing_disk;
mod flood;
mod full;
mod half_way;
mod host_key;
mod hung;
mod killed;
mod lost_settings;
mod memory;
mod mid_change;
mod read_only;

pub const ALL: &[Scenario] = &[
    scenario("badday::full_data_refuses_changes_until_a_file_goes", Moment::Shell, full::run),
    scenario("badday::damaged_settings_are_passed_over", Moment::Shell, damaged_settings::run),
    scenario("badday::lost_settings_open_the_console_and_nothing_else", Moment::Shell, lost_settings::run),
    scenario("badday::a_damaged_host_key_is_made_anew", Moment::Shell, host_key::run),
    scenario("badday::memory_runs_short", Moment::Inside, memory::run),
    scenario("badday::mmpd_dies_in_a_stream_of_changes", Moment::Inside, mid_change::run),
    scenario("badday::a_flood_of_the_log_stays_in_its_bound", Moment::Inside, flood::run),
    scenario("badday::a_disk_that_begins_to_fail", Moment::Own, failing_disk::run),
    scenario("badday::a_disk_that_cannot_be_written", Moment::Shell, read_only::run),
    scenario("badday::clock_at_1970_and_2099", Moment::Shell, clock::run),
    scenario("badday::cards_come_and_go", Moment::Own, cards::run),
    scenario("badday::killed_half_way", Moment::Own, half_way::run),
    scenario("badday::hung_daemons_serve_again", Moment::Own, hung::run),
    scenario("badday::killed_daemons_serve_again", Moment::Own, killed::run),
];

/// What is set before the bad day, and must still be there.
const KEPT: &str = "    kept.example.com          10.0.2.3\n";

/// A disk of an appliance that was in use: its password is set, and a forward zone.
struct Used {
    folder: TempDir,
}

impl Used {
    /// Takes the shared appliance's disk, once the zone is acknowledged.
    fn take(stage: &mut Stage) -> Result<Self> {
        let appliance = stage.appliance();
        appliance.silent("dns add forwardzone kept.example.com 10.0.2.3")?;
        Self::of(appliance)
    }

    /// The disk as it is now; cuts the power.
    fn of(appliance: &mut Appliance) -> Result<Self> {
        appliance.machine.stop();
        let used = Self { folder: tempfile::tempdir_in(machine::scratch()?)? };
        fs::copy(appliance.machine.file("disk.qcow2"), used.folder.path().join("used.qcow2"))?;
        Ok(used)
    }

    /// The disk after requests of debugfs(8).
    fn after(&self, requests: &[String]) -> Result<PathBuf> {
        let file = self.folder.path().join("altered.raw");
        disk::altered(&self.disk(), &file, self.folder.path(), requests)?;
        Ok(file)
    }

    /// Free blocks of `/data`, and their size.
    fn free(&self) -> Result<(u64, u64)> {
        disk::Data::copy(&self.disk(), self.folder.path())?.free()
    }

    fn disk(&self) -> PathBuf {
        self.folder.path().join("used.qcow2")
    }

    /// A file of the host for debugfs to write.
    fn file(&self, content: &[u8]) -> Result<PathBuf> {
        let file = self.folder.path().join("content");
        fs::write(&file, content)?;
        Ok(file)
    }
}

/// Boots; the administrator logs in with the password of before, is told `wanted`, and finds what was set.
fn tells<'a>(stage: &'a mut Stage, builder: &Builder, wanted: &[&str]) -> Result<&'a mut Appliance> {
    let appliance = stage.boot_own(builder)?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?;
    // Lines are broken at the terminal's width.
    let told = told.replace("\r", "").replace('\n', " ");
    for wanted in wanted {
        ensure!(told.contains(wanted), "the login does not say \"{wanted}\" but: {told}");
    }
    expect::holds(&appliance.command("dns")?, KEPT.trim_end())?;
    Ok(appliance)
}
