//! What the first program of the boot found out about the machine: its model and its interfaces.

use std::{fs, path::Path};

use mmp_model::Letter;
use serde::Deserialize;

/// Where it is left.
pub const FILE: &str = "/run/rostrum/board.json";

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Board {
    /// As `model` prints it.
    pub model: String,
    /// Terminals at which people stand: `ttyS0`, `tty1`.
    #[serde(default)]
    pub consoles: Vec<String>,
    /// Interface letters of this machine, those of missing cards too.
    #[serde(default)]
    pub nics: Vec<Nic>,
}

/// One interface.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Nic {
    /// Its letter.
    pub letter: Letter,
    /// The card is there.
    #[serde(default)]
    pub present: bool,
}

impl Board {
    /// Reads what the boot left; a machine that left nothing is a VM with the interfaces that the kernel shows.
    pub fn read(file: &Path) -> Self {
        fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_else(|| Self {
            model: "CMS VM".into(),
            consoles: Vec::new(),
            nics: Letter::ALL
                .into_iter()
                .filter(|letter| *letter == Letter::A || Path::new(&format!("/sys/class/net/{letter}")).exists())
                .map(|letter| Nic { letter, present: true })
                .collect(),
        })
    }
}
