//! The NICs that are there, and their renaming to letters.
//!
//! Invariant: renaming never fails the boot; a NIC that cannot be renamed is left out of the published list as present.

use std::collections::BTreeMap;
use std::path::Path;

use crate::board::{Board, Slot};
use crate::letters::{Named, assign, follow};
use crate::{fault, ifname, pseudo};

/// Names every NIC, and remembers the names in `memory` for the day a card is missing.
pub fn name_all(board: &Board, memory: &Path) -> Vec<Named> {
    let remembered: BTreeMap<String, char> =
        std::fs::read_to_string(memory).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let found = found();
    let present: Vec<String> = found.keys().cloned().collect();
    let mut named = assign(&board.nics, &remembered, &present);
    rename_all(&mut named, &found);
    if map(&named) != remembered {
        remember(&named, memory);
    }
    named
}

/// Names the NICs that came since, and notes which have gone.
pub fn name_new(slots: &[Slot], named: &[Named], memory: &Path) -> Vec<Named> {
    let found = found();
    let present: Vec<String> = found.keys().cloned().collect();
    let mut now = follow(slots, named, &present);
    rename_all(&mut now, &found);
    if map(&now) != map(named) {
        remember(&now, memory);
    }
    now
}

fn rename_all(named: &mut [Named], found: &BTreeMap<String, String>) {
    for one in named.iter_mut().filter(|one| one.present) {
        let Some(current) = found.get(&one.path).filter(|current| **current != one.letter.to_string()) else {
            continue;
        };
        if let Err(error) = ifname::rename(current, &one.letter.to_string()) {
            fault::warn(&format!("cannot rename {current} at {} to {}: {error}", one.path, one.letter));
            one.present = false;
        }
    }
}

fn map(named: &[Named]) -> BTreeMap<String, char> {
    named.iter().map(|one| (one.path.clone(), one.letter)).collect()
}

fn remember(named: &[Named], memory: &Path) {
    if let Ok(text) = serde_json::to_string(&map(named))
        && let Err(error) = pseudo::replace(memory, &text)
    {
        fault::warn(&format!("NIC letters are not remembered: {error}"));
    }
}

/// Marks every interface as ready in the place where udev would: systemd-networkd leaves one alone until its record
/// below `/run/udev/data` exists, and there is no udev to write it.
pub fn mark_ready() {
    let Ok(entries) = std::fs::read_dir("/sys/class/net") else { return };
    for entry in entries.flatten() {
        let Ok(index) = std::fs::read_to_string(entry.path().join("ifindex")) else { continue };
        if let Err(error) = pseudo::write(format!("/run/udev/data/n{}", index.trim()), "I:1\n") {
            fault::warn(&format!("{} stays without configuration: {error}", entry.file_name().display()));
        }
    }
}

/// NICs on a PCI bus, by address.
fn found() -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir("/sys/class/net") else { return BTreeMap::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let device = entry.path().join("device").canonicalize().ok()?;
            let port = std::fs::read_to_string(entry.path().join("dev_port")).unwrap_or_default();
            let path = address(&device, port.trim())?;
            Some((path, entry.file_name().into_string().ok()?))
        })
        .collect()
}

/// The last PCI address in a device path, with the port when there are several behind it.
fn address(device: &Path, port: &str) -> Option<String> {
    let component = device.iter().rev().filter_map(|part| part.to_str()).find(|part| is_pci_address(part))?;
    Some(if matches!(port, "" | "0") { component.to_owned() } else { format!("{component}/{port}") })
}

fn is_pci_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 12
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b':',
            10 => *byte == b'.',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtio_nic_is_known_by_the_pci_address_above_it() {
        let device = Path::new("/sys/devices/pci0000:00/0000:00:10.0/virtio3");
        assert_eq!(address(device, "0").unwrap(), "0000:00:10.0");
    }

    #[test]
    fn the_card_behind_a_bridge_counts_and_not_the_bridge() {
        let device = Path::new("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1");
        assert_eq!(address(device, "").unwrap(), "0000:03:00.1");
    }

    #[test]
    fn further_ports_at_one_address_are_told_apart() {
        assert_eq!(address(Path::new("/sys/0000:03:00.0"), "1").unwrap(), "0000:03:00.0/1");
    }

    #[test]
    fn a_nic_without_pci_address_has_none() {
        assert_eq!(address(Path::new("/sys/devices/virtual/net/lo"), ""), None);
    }
}
