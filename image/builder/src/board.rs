//! Board files: one machine each, as data.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;
use crate::{manifest, step};

/// `board.toml`. What the initramfs needs of it is passed on as JSON; the rest is for this host.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Folder name.
    pub name: String,
    /// Model as `model` shows it.
    pub model: String,
    /// DMI vendor.
    pub sys_vendor: String,
    /// Beginnings of DMI product names; none: all of the vendor.
    #[serde(default)]
    pub product_names: Vec<String>,
    /// Terminals with a login.
    pub consoles: Vec<String>,
    /// Memory below which the product is not supported.
    #[serde(skip_serializing)]
    #[allow(dead_code)] // checked by the health command's data, not by the build
    pub minimum_memory_mib: u64,
    /// Modules that no PCI device asks for.
    pub modules: Vec<String>,
    /// Slots to letters.
    pub nics: Vec<Nic>,
    /// Kernel arguments for this board alone.
    #[serde(default, skip_serializing)]
    pub cmdline: Vec<String>,
    /// How to emulate it.
    #[serde(default, skip_serializing)]
    pub qemu: Option<Qemu>,
}

/// A slot.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nic {
    /// Letter.
    pub letter: char,
    /// PCI address.
    pub path: String,
}

/// The emulated machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qemu {
    /// Default memory.
    pub memory_mib: u64,
    /// Processors.
    pub cpus: u32,
    /// Arguments that always apply.
    pub base: Vec<String>,
    /// Accelerator.
    pub accel: String,
}

/// Reads every board file.
pub fn load_all(layout: &Layout) -> anyhow::Result<Vec<Board>> {
    step::sorted(&layout.source("board"))?.iter().map(|folder| manifest::read(&folder.join("board.toml"))).collect()
}

/// One board.
pub fn load(layout: &Layout, name: &str) -> anyhow::Result<Board> {
    load_all(layout)?.into_iter().find(|board| board.name == name).with_context(|| format!("no board file for {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_board_reads_and_gives_each_letter_once() {
        for board in load_all(&Layout::find().unwrap()).unwrap() {
            let mut letters: Vec<char> = board.nics.iter().map(|nic| nic.letter).collect();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), board.nics.len(), "{}", board.name);
            assert!(!board.consoles.is_empty(), "{}", board.name);
        }
    }
}
