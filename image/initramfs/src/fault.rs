//! What may go wrong before systemd runs, and the only reaction: one line on the console, then a restart.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::reboot::{RebootMode, reboot};

/// Time to read the line before the machine restarts.
const READING_TIME: Duration = Duration::from_secs(10);

/// A failure that ends the boot.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot mount {target}: {source}")]
    Mount { target: String, source: nix::Error },
    #[error("kernel command line: {0}")]
    CommandLine(String),
    #[error("{path} is damaged: {source}")]
    Data { path: PathBuf, source: serde_json::Error },
    #[error("no disk with this system's root appeared ({0})")]
    NoRoot(String),
    #[error("device mapper, {step}: {source}")]
    DeviceMapper { step: &'static str, source: std::io::Error },
    #[error("the kernel's announcements of devices cannot be read: {0}")]
    Announcements(nix::Error),
    #[error("cannot start systemd: {0}")]
    Handover(nix::Error),
}

/// Prints a line that does not end the boot.
pub fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "rostrum-init: {text}");
}

/// Prints the fault and restarts the machine.
pub fn report_and_restart(fault: &Fault) -> ! {
    warn(&format!("{fault}; restarting in {} seconds", READING_TIME.as_secs()));
    // Not a synchronisation: the time is for the reader of the console.
    std::thread::sleep(READING_TIME);
    nix::unistd::sync();
    let _ = reboot(RebootMode::RB_AUTOBOOT);
    // Process 1 that ends makes the kernel panic, and panic=10 restarts as well.
    std::process::exit(1)
}
