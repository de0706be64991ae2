//! `mmpd --check FOLDER`: what mmpd would find in a folder of settings generations, without changing anything.
//!
//! For a copy of `/data/settings` on a developer's machine. Invariant: it reads with the code that a boot reads with.

use std::{path::Path, process::ExitCode};

use crate::store::Store;

/// Prints the number of the newest generation and every fault, a line each; fails when there is a fault.
pub fn run(folder: &Path) -> ExitCode {
    let loaded = Store::load(folder);
    println!("generation {}", loaded.store.generation());
    for fault in &loaded.faults {
        println!("fault: {fault}");
    }
    if loaded.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
