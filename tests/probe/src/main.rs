//! The first program of a machine that is measured: leaves a copy of itself behind that answers on the second serial port,
//! and becomes the `/init` that would have run without it.
//!
//! Invariants: it waits for questions and for writes to the console, and does nothing else; it does not count itself; a
//! failure of it never keeps the machine from starting.

mod counter;
mod figures;
mod serve;

use std::{
    io::Read,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

fn main() {
    let first = counter::now();
    if std::env::args().nth(1).as_deref() == Some(serve::MODE) {
        let begin = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(first);
        if let Err(error) = serve::run(begin) {
            eprintln!("probe: {error}");
        }
        return;
    }
    leave_behind(first);
    let error = Command::new("/init").exec();
    eprintln!("probe: /init: {error}");
}

/// Returns when the copy listens, or has failed to.
fn leave_behind(first: u64) {
    let copy = Command::new("/probe").args([serve::MODE, &first.to_string()]).stdout(Stdio::piped()).spawn();
    match copy {
        Ok(mut copy) => {
            if let Some(mut ready) = copy.stdout.take() {
                // An end without a byte is a copy that has failed and said so.
                let _ = ready.read(&mut [0]);
            }
        }
        Err(error) => eprintln!("probe: {error}"),
    }
}
