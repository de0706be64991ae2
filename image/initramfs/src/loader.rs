//! Loading kernel modules from a folder, in the order the builder worked out.
//!
//! Invariant: a module that fails to load is reported and skipped; whether the boot can go on shows when its device is
//! used. That there is no hardware for it is no failure.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::fs::File;
use std::path::{Path, PathBuf};

use nix::kmod::{ModuleInitFlags, finit_module};
use serde::Deserialize;

use crate::fault::{self, Fault};
use crate::modalias::{self, Alias};
use crate::pseudo;

/// What the builder knows of a module.
#[derive(Debug, Deserialize)]
struct Module {
    /// File below the folder.
    file: PathBuf,
    /// All modules it needs, in loading order.
    needs: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Table {
    modules: BTreeMap<String, Module>,
    aliases: Vec<Alias>,
    /// What to load when a module finds no hardware of its kind.
    instead: BTreeMap<String, String>,
}

/// A folder of modules with its table.
pub struct Loader {
    table: Table,
    folder: PathBuf,
    done: BTreeSet<String>,
}

impl Loader {
    /// Reads the table.
    pub fn open(table: &Path, folder: &Path) -> Result<Self, Fault> {
        let table =
            serde_json::from_str(&pseudo::read(table)?).map_err(|source| Fault::Data { path: table.into(), source })?;
        Ok(Self { table, folder: folder.into(), done: BTreeSet::new() })
    }

    /// Loads modules and what they need; names that the table does not have are built into the kernel.
    pub fn load_all(&mut self, names: &[String]) {
        for name in names {
            self.load(name);
        }
    }

    /// Loads the drivers of the devices.
    pub fn load_matching(&mut self, devices: &[String]) {
        let wanted: Vec<String> =
            modalias::wanted(&self.table.aliases, devices).into_iter().map(str::to_owned).collect();
        self.load_all(&wanted);
    }

    fn load(&mut self, name: &str) {
        let Some(module) = self.table.modules.get(name) else { return };
        let order: Vec<String> = module.needs.iter().cloned().chain([name.to_owned()]).collect();
        for one in order {
            let Some(part) = self.table.modules.get(&one).filter(|_| self.done.insert(one.clone())) else { continue };
            match insert(&self.folder.join(&part.file)) {
                Ok(()) => {}
                Err(nix::Error::ENODEV) => {
                    if let Some(other) = self.table.instead.get(&one).cloned() {
                        self.load(&other);
                    }
                }
                Err(error) => fault::warn(&format!("kernel module {one}: {error}")),
            }
        }
    }
}

fn insert(path: &Path) -> nix::Result<()> {
    let file = File::open(path).map_err(|error| nix::Error::from_raw(error.raw_os_error().unwrap_or_default()))?;
    match finit_module(&file, &CString::default(), ModuleInitFlags::empty()) {
        Err(nix::Error::EEXIST) => Ok(()),
        other => other,
    }
}
