//! What there is on `/data` after a cut, read with mmpd's own code.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use harness::{process::run, tools};
use mmp_model::{Settings, versions};

/// Folders of `/data` that are looked at.
pub const FOLDERS: &[&str] = &["/settings", "/files"];

/// Settings and files after a cut.
pub struct Found {
    /// The newest generation, 0 for none.
    pub generation: u64,
    /// The line that made it.
    pub line: String,
    /// What mmpd would complain of.
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
        Ok(Self {
            generation,
            line: generations.get(&generation).and_then(|content| author_line(content)).unwrap_or_default(),
            faults: lines().filter_map(|line| line.strip_prefix("fault: ")).map(str::to_owned).collect(),
            generations,
            files: read_all(&folder.join("files"))?,
        })
    }

    /// The settings in force.
    pub fn settings(&self) -> Result<Settings> {
        let content = self.generations.get(&self.generation).context("there are no settings")?;
        settings(content)
    }
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
