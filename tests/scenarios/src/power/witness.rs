//! Who saw what was asked and answered when, and judges what a cut left.
//!
//! Invariant: moments are lengths of the disk's record. At a cut, everything answered by then has to be there, nothing
//! asked later may be, and of what was in flight either the old or the new is there, whole.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, bail, ensure};

use super::{found::Found, stream};

/// What a file was to be.
#[derive(Clone)]
pub enum Content {
    /// Not there.
    Gone,
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// A half of a snapshot, which the appliance writes: anything whole. [`Found`] opens each.
    Snapshot,
}

impl Content {
    fn is(&self, found: Option<&[u8]>) -> bool {
        match (self, found) {
            (Self::Gone, None) | (Self::Snapshot, Some(_)) => true,
            (Self::Bytes(bytes), Some(found)) => **bytes == *found,
            _ => false,
        }
    }
}

/// A state that a file was to have.
struct Version {
    content: Content,
    asked: usize,
    answered: Option<usize>,
}

/// One line of the stream.
struct Change {
    asked: usize,
    answered: Option<usize>,
}

/// What was asked and answered of one machine between two cuts.
pub struct Witness {
    /// Generation that the stream's first line follows.
    base: u64,
    /// Lines of the stream that were in force at the start.
    before: usize,
    /// From when on these hold: before, the machine was still on its way to them.
    since: usize,
    changes: Vec<Change>,
    files: BTreeMap<String, Vec<Version>>,
}

impl Witness {
    /// Of a machine whose settings are at generation `base` and which has no files.
    pub fn new(base: u64, since: usize) -> Self {
        Self { base, before: 0, since, changes: Vec::new(), files: BTreeMap::new() }
    }

    /// Of the same machine after a cut that left `found`.
    pub fn after(&self, found: &Found) -> Self {
        let version = |content: &Vec<u8>| {
            vec![Version { content: Content::Bytes(content.as_slice().into()), asked: 0, answered: Some(0) }]
        };
        Self {
            base: self.base,
            before: usize::try_from(found.generation - self.base).unwrap_or(0),
            since: 0,
            changes: Vec::new(),
            files: found.files.iter().map(|(name, content)| (name.clone(), version(content))).collect(),
        }
    }

    /// The next line is about to be typed: this one.
    pub fn ask(&mut self, position: usize) -> String {
        self.changes.push(Change { asked: position, answered: None });
        stream::line(self.before + self.changes.len() - 1)
    }

    /// The last line was answered.
    pub fn answered(&mut self, position: usize) {
        if let Some(change) = self.changes.last_mut() {
            change.answered = Some(position);
        }
    }

    /// These files are about to be sent or removed.
    pub fn send(&mut self, position: usize, files: &BTreeMap<String, Content>) {
        for (name, content) in files {
            let version = Version { content: content.clone(), asked: position, answered: None };
            self.files.entry(name.clone()).or_default().push(version);
        }
    }

    /// They were.
    pub fn sent(&mut self, position: usize, files: &BTreeMap<String, Content>) {
        for name in files.keys() {
            if let Some(version) = self.files.get_mut(name).and_then(|versions| versions.last_mut()) {
                version.answered = Some(position);
            }
        }
    }

    /// Number of changes that were answered.
    pub fn answers(&self) -> usize {
        self.changes.iter().filter(|change| change.answered.is_some()).count()
    }

    /// Number of uploads and removals that were answered.
    pub fn uploads(&self) -> usize {
        self.acknowledged(|content| !matches!(content, Content::Snapshot))
    }

    /// Number of snapshots that were answered; each is two files.
    pub fn snapshots(&self) -> usize {
        self.acknowledged(|content| matches!(content, Content::Snapshot)) / 2
    }

    fn acknowledged(&self, of: impl Fn(&Content) -> bool) -> usize {
        let versions = self.files.values().flatten();
        versions.filter(|version| version.answered.is_some_and(|at| at > 0) && of(&version.content)).count()
    }

    /// Moments at which something was answered, with the generation that this made.
    pub fn moments(&self) -> Vec<(usize, u64)> {
        let first = self.base + self.before as u64 + 1;
        self.changes.iter().zip(first..).filter_map(|(change, made)| Some((change.answered?, made))).collect()
    }

    /// The judgement on what a cut at `position` left.
    pub fn judge(&self, position: usize, found: &Found) -> Result<()> {
        if let Some(fault) = found.faults.first() {
            bail!("the store does not load well: {fault}");
        }
        self.judge_settings(position, found)?;
        if let Some(strange) = found.files.keys().find(|name| !self.files.contains_key(*name)) {
            bail!("there is a file {strange} that nobody sent");
        }
        for (name, versions) in &self.files {
            judge_file(position, versions, found.files.get(name).map(Vec::as_slice))
                .map_err(|error| error.context(format!("file {name}")))?;
        }
        Ok(())
    }

    fn judge_settings(&self, position: usize, found: &Found) -> Result<()> {
        let start = self.base + self.before as u64;
        if position < self.since {
            ensure!(found.generation <= start, "generation {} before its time", found.generation);
            return Ok(());
        }
        let count =
            |happened: &dyn Fn(&Change) -> bool| self.changes.iter().filter(|change| happened(change)).count() as u64;
        let answered = start + count(&|change| change.answered.is_some_and(|at| at <= position));
        let asked = start + count(&|change| change.asked <= position);
        ensure!(
            found.generation >= answered,
            "generation {answered} was acknowledged, and {} (\"{}\") is the newest: lost are{}",
            found.generation,
            found.line,
            (found.generation..answered).take(3).map(|at| format!(" \"{}\"", self.line_of(at + 1))).collect::<String>()
        );
        ensure!(found.generation <= asked, "generation {} was not asked for yet", found.generation);
        if found.generation > self.base {
            let wanted = self.line_of(found.generation);
            ensure!(found.line == wanted, "generation {} is \"{}\", not \"{wanted}\"", found.generation, found.line);
        }
        Ok(())
    }

    /// The line that made a generation.
    fn line_of(&self, generation: u64) -> String {
        match usize::try_from(generation).ok().and_then(|at| at.checked_sub(usize::try_from(self.base).ok()? + 1)) {
            Some(index) => stream::line(index),
            None => "before the stream".into(),
        }
    }
}

fn judge_file(position: usize, versions: &[Version], found: Option<&[u8]>) -> Result<()> {
    let answered = versions.iter().rposition(|version| version.answered.is_some_and(|at| at <= position));
    let possible = &versions[answered.unwrap_or(0)..];
    let mut possible = possible.iter().filter(|version| version.asked <= position);
    // Before the first that was answered it was not there.
    if found.is_none() && answered.is_none() || possible.any(|version| version.content.is(found)) {
        return Ok(());
    }
    match found {
        None => bail!("it was acknowledged and is not there"),
        Some(bytes) if versions.iter().any(|version| version.content.is(Some(bytes))) => {
            bail!("it has an earlier or later content than acknowledged")
        }
        Some(bytes) => bail!("it is there in part, {} bytes", bytes.len()),
    }
}
