//! How it goes, for mmpd: `status.json`, replaced as one.

use std::{fs, io, path::Path};

use serde::Serialize;

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The writing of the service folder that this is about.
    pub generation: u64,
    /// `[::]:445%a`.
    pub listening: Vec<String>,
    /// What of that writing is not in force, and why.
    pub fault: Option<String>,
}

impl Status {
    /// Writes it so that a reader sees the old or the new one.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        fs::write(&beside, serde_json::to_vec(self)?)?;
        fs::rename(beside, path)
    }
}
