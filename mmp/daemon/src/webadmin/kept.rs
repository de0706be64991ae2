//! The last pair that worked, kept for a boot at which the named files make none.
//!
//! Invariant: only root reads it; it is written after the service has said that it serves with the pair.

use std::{fs, path::PathBuf};

use mmp_control::chain;

use super::Material;
use crate::{durable, journal, paths::Paths};

fn path(paths: &Paths) -> PathBuf {
    paths.state().join("webadmin-pair.json")
}

/// Keeps the pair. That it cannot be kept fails nothing now, and is told.
pub fn keep(paths: &Paths, material: &Material) {
    if load(paths).as_ref() == Some(material) {
        return;
    }
    let text = zeroize::Zeroizing::new(serde_json::to_string(material).expect("a pair has text keys only"));
    if let Err(error) = durable::replace(&path(paths), text.as_bytes(), 0o600) {
        journal::error(&format!("the pair of webadmin could not be kept for the next boot: {}", chain(&error)));
    }
}

/// The pair that is kept.
pub fn load(paths: &Paths) -> Option<Material> {
    let text = zeroize::Zeroizing::new(fs::read_to_string(path(paths)).ok()?);
    serde_json::from_str(&text).ok()
}
