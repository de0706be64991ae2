//! Stands in the place of a daemon in a container and fails as the configuration tells it to, or becomes the daemon.
//!
//! A name in the configuration says how: `crash`, `hang` or `refused` before `.fault.example`.

use std::{env, fs, os::unix::process::CommandExt as _, path::Path, process::Command, thread};

/// Where the harness puts the daemons themselves.
const DAEMONS: &str = "/run/rostrum/daemons";

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let name = Path::new(&arguments[0]).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let told = configuration(&arguments);
    let fails = |how: &str| told.contains(&format!("{how}.fault.example"));
    if fails("crash") {
        eprintln!("error: this daemon crashes, as it was told to");
        std::process::abort();
    }
    if fails("hang") {
        eprintln!("error: this daemon hangs, as it was told to");
        loop {
            thread::park();
        }
    }
    let mut daemon = Command::new(format!("{DAEMONS}/{name}"));
    daemon.args(&arguments[1..]);
    if name == "chronyd" {
        // A container must not set this machine's clock.
        daemon.arg("-x");
    }
    if fails("refused") {
        // A configuration that the daemon itself refuses, with its own words.
        daemon = Command::new(format!("{DAEMONS}/{name}"));
        daemon.args(match name.as_str() {
            "unbound" => ["-d", "-c", "/run/rostrum/daemons/refused.conf"],
            _ => ["-d", "-f", "/run/rostrum/daemons/refused.conf"],
        });
    }
    let error = daemon.exec();
    eprintln!("error: {name} cannot be started: {error}");
    std::process::exit(1);
}

/// The texts of the files that the arguments name, and of those beside them.
fn configuration(arguments: &[String]) -> String {
    let files = arguments.iter().skip(1).filter(|word| word.starts_with('/'));
    let folders = files.filter_map(|file| Path::new(file).parent());
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
}
