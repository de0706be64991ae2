//! A build step: skipped when the fingerprint of its inputs is that of the last time, else timed and announced.
//!
//! Invariant: the stamp is removed before the step starts and written after it ends, so an interrupted step runs again.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::layout::Layout;

/// Fingerprint of a step's inputs.
#[derive(Clone)]
pub struct Inputs(Sha256);

impl Inputs {
    /// Starts with the step's own recipe number: raised when the code of the step changes its result.
    pub fn recipe(number: u32) -> Self {
        Self(Sha256::new()).text(&number.to_string())
    }

    /// Adds a text.
    pub fn text(mut self, text: &str) -> Self {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// Adds a file's content.
    pub fn file(self, path: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(self.text(&hex(&Sha256::digest(bytes))))
    }

    /// Adds a folder: names, modes, links and contents.
    pub fn folder(mut self, path: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        for entry in sorted(path)? {
            let metadata = entry.symlink_metadata()?;
            self = self.text(&entry.to_string_lossy()).text(&metadata.permissions().mode().to_string());
            self = if metadata.is_symlink() {
                self.text(&std::fs::read_link(&entry)?.to_string_lossy())
            } else if metadata.is_dir() {
                self.folder(&entry)?
            } else {
                self.file(&entry)?
            };
        }
        Ok(self)
    }

    /// The fingerprint.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Runs the step unless its stamp and its output are there.
pub fn run(
    layout: &Layout,
    name: &str,
    inputs: Inputs,
    output: &Path,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    let stamp = layout.output(&format!("stamps/{}", name.replace(' ', "-")));
    let fingerprint = inputs.finish();
    if output.exists() && std::fs::read_to_string(&stamp).is_ok_and(|text| text == fingerprint) {
        return Ok(false);
    }
    let _ = std::fs::remove_file(&stamp);
    let start = Instant::now();
    work().with_context(|| name.to_owned())?;
    std::fs::create_dir_all(layout.output("stamps"))?;
    std::fs::write(&stamp, fingerprint)?;
    eprintln!("{name:<24} {:6.1} s", start.elapsed().as_secs_f64());
    Ok(true)
}

/// Waits until no other build of this tree runs; the lock ends with the returned file.
pub fn alone(layout: &Layout) -> anyhow::Result<std::fs::File> {
    let file = std::fs::File::create(layout.output("lock")).context("target/image/lock")?;
    file.lock().context("target/image/lock")?;
    Ok(file)
}

/// Entries of a folder in order of name.
pub fn sorted(path: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
