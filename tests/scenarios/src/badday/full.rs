//! A full `/data`: everything set is in force and the login says what to do; a change is refused with a clear line; when
//! a file is removed changes work again, and nothing acknowledged is missing.

use anyhow::{Result, ensure};
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
};

use crate::{badday, expect, stage::Stage};

/// Changes that may still fit into what the file system keeps back.
const MOST: usize = 24;

pub fn run(stage: &mut Stage) -> Result<()> {
    let used = badday::Used::take(stage)?;
    let empty = used.file(b"")?;
    let (blocks, size) = used.free()?;
    let file = "/files/upgrade.img";
    let filled = blocks - 8;
    let full = used.after(&[
        format!("write {} {file}", empty.display()),
        format!("fallocate {file} 0 {}", filled - 1),
        format!("set_inode_field {file} size {}", filled * size),
    ])?;
    let appliance =
        badday::tells(stage, &Builder::default().disk(&full), &["WARNING: /data is", "`df` shows the use"])?;
    let mut acknowledged = Vec::new();
    let mut refusal = String::new();
    for number in 0..MOST {
        let answer = appliance.command(&format!("dns add forwardzone zone{number}.example.com 10.0.2.4"))?;
        if !answer.is_empty() {
            refusal = answer;
            break;
        }
        acknowledged.push(format!("zone{number}.example.com"));
    }
    for wanted in ["could not be saved", "No space left", "The old settings are in force again", "`df`"] {
        expect::holds(&refusal.replace('\n', " "), wanted)?;
    }
    ensure!(acknowledged.len() < MOST, "a full /data takes any number of changes");
    appliance.wait_for_ssh()?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.sftp("rm upgrade.img\n", ANSWER)?, 0)?;
    appliance.silent("dns add forwardzone healed.example.com 10.0.2.4")?;
    let zones = appliance.command("dns")?;
    for zone in acknowledged.iter().map(String::as_str).chain(["kept.example.com", "healed.example.com"]) {
        expect::holds(&zones, zone)?;
    }
    Ok(())
}
