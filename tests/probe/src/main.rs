//! The first program of a machine that is measured: leaves a copy of itself behind that answers on the second serial port,
//! and becomes the `/init` that would have run without it.
//!
//! Invariants: it waits for questions and for writes to the console, and does nothing else but what it is asked for; it does not count itself; a
//! failure of it never keeps the machine from starting.

mod counter;
mod deeds;
mod figures;
mod secrets;
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
    if let Some(outcome) = copy() {
        if let Err(error) = outcome {
            eprintln!("probe: {error}");
            std::process::exit(1);
        }
        return;
    }
    leave_behind(first);
    let error = Command::new("/init").exec();
    eprintln!("probe: /init: {error}");
}

/// What a copy does that was started for one deed.
fn copy() -> Option<std::io::Result<()>> {
    let words: Vec<String> = std::env::args().collect();
    let count = words.get(2).and_then(|text| text.parse().ok()).unwrap_or(0);
    match words.get(1)?.as_str() {
        deeds::HOG => Some(deeds::take_memory(count)),
        deeds::SPRAY => {
            let rest = words.get(3).map_or("", String::as_str);
            Some(deeds::send_nonsense(usize::try_from(count).unwrap_or(0), rest))
        }
        _ => None,
    }
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
