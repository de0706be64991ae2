//! Every write of a machine is recorded while it acknowledges changes; after a power cut at any place of the record, with
//! any loss that a volatile cache may have, everything acknowledged by then is there and nothing is there in part.
//!
//! Nothing is booted for it: a cut is a file system that e2fsck recovers and that mmpd's own code reads, some 60 ms each.
//! `ROSTRUM_PREFIXES` says how many.
//!
//! The controls that have to be found: a flush that a change relies on is missing, and a generation is there in half.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{
    Builder,
    appliance::{FACTORY, PASSWORD, PROMPT},
    lan,
    medium::{Dice, Entry, Fate, Medium, Pages, volatile},
    nbd,
    recovery::Image,
    ssh::Client,
    tools,
};

use super::{
    found::{self, FOLDERS, Found},
    stream::{Stream, lock},
    witness::Witness,
};
use crate::stage::Stage;

/// Cuts of an ordinary test run: a quarter of a minute.
const FEW: usize = 300;
/// Lines of the stream for so few, and for many.
const LINES: usize = 96;
const MANY_LINES: usize = 480;
/// Changes that each control is tried on.
const CONTROLS: usize = 8;
const SEED: u64 = 20;

/// A cut: where, and what becomes of what was not flushed.
type Cut = (usize, Fate);

/// What was recorded, and the file below it.
struct Recording {
    base: PathBuf,
    entries: Vec<Entry>,
}

pub fn run(stage: &mut Stage) -> Result<()> {
    let count = match std::env::var("ROSTRUM_PREFIXES") {
        Ok(text) => text.parse().context("ROSTRUM_PREFIXES is not a number")?,
        Err(_) => FEW,
    };
    let work = tempfile::Builder::new().prefix("power-").tempdir_in(harness::machine::scratch()?)?;
    let (recording, witness) = record(stage, work.path(), if count > FEW { MANY_LINES } else { LINES })?;
    let flushes = recording.entries.iter().filter(|entry| **entry == Entry::Flush).count();
    eprintln!(
        "recorded {} writes and {flushes} flushes of {} changes, {} uploads and {} snapshots",
        recording.entries.len() - flushes,
        witness.answers(),
        witness.uploads(),
        witness.snapshots()
    );
    ensure!(witness.snapshots() > 0, "no snapshot was taken");

    let begun = Instant::now();
    let cuts = choose(count, recording.entries.len(), &witness);
    let history = Mutex::new(BTreeMap::new());
    let failures = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(4);
    thread::scope(|scope| {
        for (number, share) in cuts.chunks(cuts.len().div_ceil(workers)).enumerate() {
            let (recording, witness, history, failures) = (&recording, &witness, &history, &failures);
            let folder = work.path().join(number.to_string());
            scope.spawn(move || {
                if let Err(error) = check(recording, witness, share, &folder, history, failures) {
                    lock(failures).push(format!("the check ended: {error:#}"));
                }
            });
        }
    });
    eprintln!("{} cuts were checked in {:.1} s", cuts.len(), begun.elapsed().as_secs_f64());
    let failures = lock(&failures);
    if !failures.is_empty() {
        let some: Vec<&str> = failures.iter().take(5).map(String::as_str).collect();
        bail!("{} of {} cuts left damage:\n  {}", failures.len(), cuts.len(), some.join("\n  "));
    }
    every_family_changed(&lock(&history))?;
    a_missing_flush_is_found(&recording, &witness, &work.path().join("flush"))?;
    a_torn_generation_is_found(&recording, &witness, &work.path().join("torn"))
}

/// Boots, and types the stream.
fn record(stage: &mut Stage, work: &Path, lines: usize) -> Result<(Recording, Witness)> {
    let base = tools::image().join("rostrum.raw");
    let medium = Medium::over(&base)?;
    let socket = work.join("disk");
    nbd::serve(&medium, &socket)?;
    let appliance = stage.boot_own(&Builder::default().nics(2).nbd(&socket))?;
    appliance.first_login()?;
    appliance.wait_for_ssh()?;
    let since = medium.position();
    let recording = Recording { base: base.clone(), entries: medium.record() };
    let first = recording.image(work, since)?.look(&recording, (since, Fate::Lost))?;
    let witness = Mutex::new(Witness::new(first.generation, since));
    let client = Client::new(appliance.machine.folder(), lan::APPLIANCE.into(), FACTORY, PASSWORD)?;
    let programs = Mutex::new(Vec::new());
    let stream = Stream {
        medium: &medium,
        client: &client,
        witness: &witness,
        prompt: PROMPT,
        folder: work,
        programs: &programs,
        seed: SEED,
    };
    stream.run(lines)?;
    appliance.machine.stop();
    let witness = witness.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((Recording { base, entries: medium.record() }, witness))
}

/// Half of the cuts where something was just acknowledged, the others anywhere; in order of their places.
fn choose(count: usize, length: usize, witness: &Witness) -> Vec<Cut> {
    let mut dice = Dice(SEED);
    let moments = witness.moments();
    let mut cuts: Vec<Cut> = (0..count)
        .map(|number| {
            let share = number * length / count;
            let anywhere = share + dice.below((length / count).max(1));
            let fate = Fate::Mixed(dice.roll());
            if number % 2 == 0 {
                let moment = moments[number / 2 * moments.len() / count.div_ceil(2)].0;
                (moment, if dice.below(2) == 0 { Fate::Lost } else { fate })
            } else {
                let fates = [Fate::Lost, Fate::Kept, fate, fate, fate];
                (anywhere, fates[dice.below(fates.len())])
            }
        })
        .collect();
    cuts.sort_by_key(|(position, _)| *position);
    cuts
}

/// Judges a share of the cuts.
fn check(
    recording: &Recording,
    witness: &Witness,
    cuts: &[Cut],
    folder: &Path,
    history: &Mutex<BTreeMap<u64, Vec<u8>>>,
    failures: &Mutex<Vec<String>>,
) -> Result<()> {
    let mut bench = recording.image(folder, 0)?;
    for &(position, fate) in cuts {
        let judged = bench.look(recording, (position, fate)).and_then(|found| {
            witness.judge(position, &found)?;
            same_as_ever(&found, &mut lock(history))
        });
        if let Err(error) = judged {
            lock(failures).push(format!("after {position} of {}, {fate:?}: {error:#}", recording.entries.len()));
        }
    }
    Ok(())
}

/// A generation is written once: whoever sees it sees the same.
fn same_as_ever(found: &Found, history: &mut BTreeMap<u64, Vec<u8>>) -> Result<()> {
    for (generation, content) in &found.generations {
        let known = history.entry(*generation).or_insert_with(|| content.clone());
        ensure!(known == content, "generation {generation} is not what it was after another cut");
        // Damage of an older one would be seen only when somebody goes back to it.
        found::settings(content).with_context(|| format!("generation {generation}"))?;
    }
    Ok(())
}

/// The stream is of all families: each has had two values at least.
fn every_family_changed(history: &BTreeMap<u64, Vec<u8>>) -> Result<()> {
    let mut values: BTreeMap<String, Vec<serde_json::Value>> = BTreeMap::new();
    for content in history.values() {
        for (family, stored) in mmp_model::versions::store(&found::settings(content)?) {
            let seen = values.entry(family).or_default();
            if !seen.contains(&stored.settings) {
                seen.push(stored.settings);
            }
        }
    }
    let unchanged: Vec<&str> =
        values.iter().filter(|(_, seen)| seen.len() < 2).map(|(name, _)| name.as_str()).collect();
    ensure!(unchanged.is_empty(), "no line of the stream changes {}; add one to stream.rs", unchanged.join(", "));
    Ok(())
}

/// The same disk, but that the last flush before an answer was void: a change is lost, and that is noticed.
fn a_missing_flush_is_found(recording: &Recording, witness: &Witness, folder: &Path) -> Result<()> {
    let mut bench = recording.image(folder, 0)?;
    let (mut tried, mut noticed) = (0, 0);
    for (position, generation) in spread(&witness.moments()) {
        // The audit log flushes after the change does, and would carry it along: from the generation's first write on,
        // no flush reached the medium.
        let at = written(&recording.entries[..position], generation)?;
        bench.advance(recording, last_flush(&recording.entries[..at]))?;
        let found = bench.look_at(&volatile(&recording.entries[bench.position..position], Fate::Lost))?;
        tried += 1;
        noticed += usize::from(witness.judge(position, &found).is_err());
    }
    eprintln!("control: without the flushes of a change {noticed} of {tried} changes are lost");
    ensure!(tried > 0 && noticed == tried, "only {noticed} of {tried} missing flushes are noticed");
    Ok(())
}

/// Where a generation was written.
fn written(entries: &[Entry], generation: u64) -> Result<usize> {
    let start = format!("{{\"generation\":{generation},");
    let at = entries
        .iter()
        .rposition(|entry| matches!(entry, Entry::Write(_, bytes) if bytes.starts_with(start.as_bytes())));
    at.with_context(|| format!("generation {generation} was not written"))
}

/// The same disk, but that half of a generation did not reach it under its name.
fn a_torn_generation_is_found(recording: &Recording, witness: &Witness, folder: &Path) -> Result<()> {
    let mut bench = recording.image(folder, 0)?;
    let mut tried = 0;
    for (position, generation) in spread(&witness.moments()) {
        let at = written(&recording.entries[..position], generation)?;
        let mut entries = recording.entries[..position].to_vec();
        if let Entry::Write(_, bytes) = &mut entries[at] {
            let length = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
            bytes[length / 2..].fill(0);
        }
        let torn = Recording { base: recording.base.clone(), entries };
        bench.advance(recording, last_flush(&recording.entries[..at]))?;
        let mut torn_bench = torn.image(&folder.join("half"), bench.position)?;
        let found = torn_bench.look(&torn, (position, Fate::Lost))?;
        ensure!(witness.judge(position, &found).is_err(), "half of generation {generation} is not noticed");
        tried += 1;
    }
    eprintln!("control: {tried} of {tried} torn generations are noticed");
    ensure!(tried > 0, "there was nothing to tear");
    Ok(())
}

/// Some of the moments, spread over all.
fn spread(moments: &[(usize, u64)]) -> impl Iterator<Item = (usize, u64)> {
    moments.iter().copied().step_by((moments.len() / CONTROLS).max(1))
}

/// The place after the last flush.
fn last_flush(entries: &[Entry]) -> usize {
    entries.iter().rposition(|entry| *entry == Entry::Flush).map_or(0, |at| at + 1)
}

/// An image that follows the record.
struct Bench {
    image: Image,
    /// Entries that are flushed in the image.
    position: usize,
    folder: PathBuf,
}

impl Recording {
    /// An image with what was flushed at a place.
    fn image(&self, folder: &Path, position: usize) -> Result<Bench> {
        fs::create_dir_all(folder)?;
        let image = Image::new(&self.base, &Pages::default(), folder)?;
        let mut bench = Bench { image, position: 0, folder: folder.join("found") };
        bench.advance(self, last_flush(&self.entries[..position]))?;
        Ok(bench)
    }
}

impl Bench {
    fn advance(&mut self, recording: &Recording, to: usize) -> Result<()> {
        if to > self.position {
            self.image.advance(&recording.entries[self.position..to])?;
            self.position = to;
        }
        Ok(())
    }

    /// Cuts, recovers and reads.
    fn look(&mut self, recording: &Recording, (position, fate): Cut) -> Result<Found> {
        self.advance(recording, last_flush(&recording.entries[..position]))?;
        self.look_at(&volatile(&recording.entries[self.position..position], fate))
    }

    fn look_at(&mut self, surviving: &[(u64, Box<[u8]>)]) -> Result<Found> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(&self.folder)?;
        self.image.cut(surviving, FOLDERS, &self.folder)?;
        Found::read(&self.folder)
    }
}
