//! The machine's power button, which on a VM is the host's polite request to shut down: read from the kernel's input
//! events (linux/input.h).

use std::{
    fs::{self, File},
    io::Read,
    path::PathBuf,
};

use crate::{apply::process, journal};

/// Size of `struct input_event` on 64-bit Linux: two longs of time, type, code, value.
const EVENT: usize = 24;
const EV_KEY: u16 = 1;
const KEY_POWER: u16 = 116;

/// Waits for the button for ever; ends when there is none.
pub fn watch() {
    let Some(mut button) = button().and_then(|path| File::open(path).ok()) else {
        journal::info("this machine has no power button");
        return;
    };
    let mut event = [0; EVENT];
    while button.read_exact(&mut event).is_ok() {
        if is_press(&event) {
            journal::warning("the power button was pressed: shutting down");
            if let Err(error) = process::run("/usr/bin/systemctl", &["--no-block", "poweroff"]) {
                journal::error(&format!("the system does not go down: {error}"));
            }
        }
    }
}

fn button() -> Option<PathBuf> {
    let inputs = fs::read_dir("/sys/class/input").ok()?;
    inputs.flatten().find_map(|entry| {
        let event = entry.file_name().into_string().ok().filter(|name| name.starts_with("event"))?;
        let name = fs::read_to_string(entry.path().join("device/name")).ok()?;
        (name.trim() == "Power Button").then(|| PathBuf::from("/dev/input").join(event))
    })
}

fn is_press(event: &[u8; EVENT]) -> bool {
    let half = |at: usize| u16::from_ne_bytes([event[at], event[at + 1]]);
    let value = i32::from_ne_bytes([event[20], event[21], event[22], event[23]]);
    half(16) == EV_KEY && half(18) == KEY_POWER && value == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_not_a_release_and_not_another_key() {
        let mut event = [0; EVENT];
        event[16] = 1;
        event[18] = 116;
        assert!(!is_press(&event));
        event[20] = 1;
        assert!(is_press(&event));
        event[18] = 115;
        assert!(!is_press(&event));
    }
}
