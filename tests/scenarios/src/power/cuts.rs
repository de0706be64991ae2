//! The power goes at random moments, the disk's cache dies with it, and the machine boots again with everything that it
//! acknowledged. `ROSTRUM_CUTS` says how often.
//!
//! The disk is a server of ours that keeps what was flushed and gives the rest a fate: killing QEMU alone would lose nothing, as
//! the host keeps its writes. The control: the same with flushes that do nothing has to lose what was acknowledged.
//!
//! Ten cuts take three minutes: each is a boot, some seconds of changes, and a login.

use std::{path::Path, sync::Mutex, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
    lan,
    medium::{Dice, Entry, Fate, Medium, volatile},
    nbd,
    recovery::Image,
    ssh::Client,
    tools,
};

use super::{
    found::{FOLDERS, Found},
    stream::Stream,
    witness::Witness,
};
use crate::stage::Stage;

/// Cuts of an ordinary test run.
const FEW: usize = 10;
/// Writes after which the power goes, at most: some sixty changes.
const MOST: usize = 900;
/// For so many writes to happen.
const LONG: Duration = Duration::from_secs(120);
const SEED: u64 = 50;

pub fn run(stage: &mut Stage) -> Result<()> {
    let count = match std::env::var("ROSTRUM_CUTS") {
        Ok(text) => text.parse().context("ROSTRUM_CUTS is not a number")?,
        Err(_) => FEW,
    };
    let mut dice = Dice(SEED);
    let work = tempfile::Builder::new().prefix("power-").tempdir_in(harness::machine::scratch()?)?;
    let medium = Medium::over(&tools::image().join("rostrum.raw"))?;
    let socket = work.path().join("disk");
    nbd::serve(&medium, &socket)?;
    let builder = Builder::default().nics(2).nbd(&socket);

    stage.boot_own(&builder)?.first_login()?;
    let first = left(&medium, Fate::Lost, work.path())?;
    let mut witness = Witness::new(first.generation, medium.position());
    let (mut prompt, mut changes, mut uploads) = (PROMPT.to_owned(), 0, 0);
    for number in 0..=count {
        // The last one is the control.
        let control = number == count;
        if control {
            medium.ignore_flushes();
        }
        let position = medium.position() + 20 + if control { 150 } else { dice.below(MOST) };
        witness = stream(stage, &medium, witness, &prompt, position, work.path(), dice.roll())
            .with_context(|| format!("before cut {} of {count}", number + 1))?;
        let fate = if control || dice.below(2) == 0 { Fate::Lost } else { Fate::Mixed(dice.roll()) };
        let found = left(&medium, fate, work.path())?;
        let judged = witness.judge(medium.position(), &found);
        if control {
            let Err(noticed) = judged else { bail!("with flushes that do nothing, nothing acknowledged was lost") };
            eprintln!("control: {noticed}");
            break;
        }
        let what = || format!("cut {} of {count}, at write {position}, {fate:?}", number + 1);
        judged.with_context(what)?;
        (changes, uploads) = (changes + witness.answers(), uploads + witness.uploads());
        witness = witness.after(&found);

        medium.power_on_again(fate)?;
        prompt = format!("{}>", found.settings()?.hostname);
        boot_again(stage, &builder, &prompt).with_context(what)?;
        let settled = left(&medium, Fate::Kept, work.path())?;
        witness.judge(medium.position(), &settled).with_context(what)?;
    }
    eprintln!("{count} cuts while {changes} changes and {uploads} uploads were acknowledged");
    Ok(())
}

/// Types and sends until the power goes; who saw it.
fn stream(
    stage: &mut Stage,
    medium: &Medium,
    witness: Witness,
    prompt: &str,
    position: usize,
    folder: &Path,
    seed: u64,
) -> Result<Witness> {
    let appliance = stage.appliance();
    appliance.wait_for_ssh()?;
    // One folder for all boots: the host key must be the same after each.
    let client = Client::new(folder, lan::APPLIANCE.into(), FACTORY, PASSWORD)?;
    let (witness, programs) = (Mutex::new(witness), Mutex::new(Vec::new()));
    let stream = Stream { medium, client: &client, witness: &witness, prompt, folder, programs: &programs, seed };
    stream.run_until_cut(position, appliance.machine.id(), LONG)?;
    Ok(witness.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Boots and logs in; nothing is wrong but that a license is missing.
fn boot_again(stage: &mut Stage, builder: &Builder, prompt: &str) -> Result<()> {
    let appliance = stage.boot_own(builder)?;
    appliance.prompt = prompt.to_owned();
    appliance.enter(FACTORY, PASSWORD)?;
    let greeting = appliance.machine.console.expect(prompt, ANSWER)?;
    // Whoever is new has no license yet.
    let warned = greeting.lines().any(|line| line.contains("WARNING") && !line.contains("No license file found"));
    ensure!(!warned, "the login warns: {greeting}");
    Ok(())
}

/// What a cut at this moment leaves.
fn left(medium: &Medium, fate: Fate, folder: &Path) -> Result<Found> {
    let work = tempfile::tempdir_in(folder)?;
    let record = medium.record();
    let mut image = Image::new(&tools::image().join("rostrum.raw"), &medium.floor(), work.path())?;
    let flushed = record.iter().rposition(|entry| *entry == Entry::Flush).map_or(0, |at| at + 1);
    image.advance(&record[..flushed])?;
    let to = work.path().join("found");
    std::fs::create_dir_all(&to)?;
    image.cut(&volatile(&record[flushed..], fate), FOLDERS, &to)?;
    Found::read(&to)
}
