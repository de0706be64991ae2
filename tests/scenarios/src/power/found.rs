//! What there is on `/data` after a cut, read with mmpd's own code.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use harness::{process::run, tools};
use mmp_backup::{BackupKey, Sealed};
use mmp_model::{Settings, versions};

/// Folders of `/data` that are looked at.
pub const FOLDERS: &[&str] = &["/settings", "/files", "/state"];

/// Settings and files after a cut.
pub struct Found {
    /// The newest generation, 0 for none.
    pub generation: u64,
    /// The line that made it.
    pub line: String,
    /// What mmpd would complain of, and snapshots that are not whole.
    pub faults: Vec<String>,
    /// Every generation as it is on the disk.
    pub generations: BTreeMap<u64, Vec<u8>>,
    /// What administrators sent.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Found {
    /// Reads folders of `/data` that were copied below `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut check = Command::new(tools::target().join("release/mmpd"));
        let outcome = run(check.arg("--check").arg(folder.join("settings")), b"", Duration::from_secs(60))?;
        let lines = || outcome.stdout.lines();
        let generation = lines().find_map(|line| line.strip_prefix("generation ")?.parse().ok());
        let generation = generation.with_context(|| format!("mmpd --check says: {}", outcome.stderr))?;
        let generations: BTreeMap<u64, Vec<u8>> = read_all(&folder.join("settings"))?
            .into_iter()
            .filter_map(|(name, content)| {
                Some((name.strip_prefix("generation-")?.strip_suffix(".json")?.parse().ok()?, content))
            })
            .collect();
        let files = read_all(&folder.join("files"))?;
        let key = backup_key(&folder.join("state"))?;
        let torn = files.iter().filter(|(name, content)| !whole(name, content, key.as_ref()));
        let complaints = lines().filter_map(|line| line.strip_prefix("fault: ")).map(str::to_owned);
        Ok(Self {
            generation,
            line: generations.get(&generation).and_then(|content| author_line(content)).unwrap_or_default(),
            faults: complaints.chain(torn.map(|(name, _)| format!("{name} is there in part"))).collect(),
            generations,
            files,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> Result<Settings> {
        let content = self.generations.get(&self.generation).context("there are no settings")?;
        settings(content)
    }
}

/// Whether a half of a snapshot is as it was written; of other files nothing is known here.
fn whole(name: &str, content: &[u8], key: Option<&BackupKey>) -> bool {
    if name.ends_with(".bak") {
        let sealed = Sealed::read(content.to_vec(), env!("CARGO_PKG_VERSION"));
        key.is_some_and(|key| sealed.is_ok_and(|mut sealed| sealed.open(key).is_ok()))
    } else {
        !name.ends_with(".json") || serde_json::from_slice::<serde_json::Value>(content).is_ok()
    }
}

/// The key of the appliance's snapshots, once it has one.
fn backup_key(state: &Path) -> Result<Option<BackupKey>> {
    let file = state.join("backup-key.json");
    if !file.exists() {
        return Ok(None);
    }
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(&file)?)?;
    Ok(Some(kept["key"].as_str().context("no key in backup-key.json")?.parse()?))
}

/// The settings of a generation's file.
pub fn settings(content: &[u8]) -> Result<Settings> {
    let (_, body) = split(content).context("a generation without a header")?;
    Ok(versions::load(serde_json::from_slice(body)?)?)
}

fn author_line(content: &[u8]) -> Option<String> {
    let header: serde_json::Value = serde_json::from_slice(split(content)?.0).ok()?;
    Some(header["author"]["line"].as_str()?.to_owned())
}

fn split(content: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = content.iter().position(|byte| *byte == b'\n')?;
    Some((&content[..end], &content[end + 1..]))
}

/// Files of a folder whose names do not begin with a point; none when there is no folder.
fn read_all(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && entry.file_type()?.is_file() {
            files.insert(name, fs::read(entry.path())?);
        }
    }
    Ok(files)
}
