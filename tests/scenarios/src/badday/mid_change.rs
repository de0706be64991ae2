//! mmpd is killed in a stream of changes on the device, at moments before, in and after one: what was acknowledged is there,
//! nothing is there by half, and the shell says what is known. `ROSTRUM_DEVICE_KILLS` says how often.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    medium::Dice,
};

use crate::{boxes, expect, stage::Stage};

/// Kills of an ordinary test run.
const FEW: usize = 10;
/// From the command to the death at most, in microseconds: longer than a change takes, so that some are killed behind it.
const LATEST: usize = 1_200_000;
const SEED: u64 = 151;

pub fn run(stage: &mut Stage) -> Result<()> {
    let count = boxes::count("ROSTRUM_DEVICE_KILLS", FEW)?;
    let (appliance, probe) = stage.inside()?;
    let mut dice = Dice(SEED);
    let (mut acknowledged, mut unsure) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..count {
        let zone = format!("zone{number}.example.com");
        let moment = dice.below(LATEST);
        let (killed, said) = std::thread::scope(|scope| {
            let death = scope.spawn(|| probe.ask(&format!("kill mmpd {moment}")));
            let said = appliance.command(&format!("dns add forwardzone {zone} 10.0.2.3"));
            (death.join(), said)
        });
        killed.map_err(|_| anyhow::anyhow!("the killing failed"))??;
        let said = said.with_context(|| format!("death {number}, {moment} us after the command"))?;
        // Nothing is the acknowledgement; the shell may have had to try twice before mmpd took the command.
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("does not answer; trying again")).collect();
        if said.is_empty() {
            acknowledged.insert(zone);
        } else {
            let said = said.join(" ");
            expect::holds(&said, "whether the command was carried out is not known")?;
            expect::holds(&said, "Show the settings to see what is in force")?;
            unsure.insert(zone);
        }
        // The prompt serves again; every acknowledged zone is in the settings.
        let shown = appliance.command("dns")?;
        for zone in &acknowledged {
            expect::holds(&shown, zone).with_context(|| format!("{zone} was acknowledged"))?;
        }
    }
    eprintln!("{count} deaths of mmpd, {} changes acknowledged, {} not answered", acknowledged.len(), unsure.len());
    ensure!(!acknowledged.is_empty() && !unsure.is_empty(), "all deaths fell on the same side of the answer");

    // Nothing by half: after a restart, which reads the disk, there is what was shown before.
    let shown = appliance.command("dns")?;
    appliance.reboot()?;
    appliance.log_in(FACTORY, PASSWORD)?;
    expect::same(&appliance.command("dns")?, &shown).context("after a restart the settings are others")?;
    appliance.wait_for_ssh()?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)
}
