//! How far a server has come, on the disk.
//!
//! Invariants: the file has two slots that are written in turn, so that a torn one leaves the one before; a position
//! survives the end of this process at once, and a power cut from the last [`Position::sync`] on.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

const SLOT: usize = 512;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The last line that the server has.
    pub place: Option<String>,
    /// Lines that were not kept long enough for it.
    pub missing: u64,
}

/// The file.
#[derive(Debug)]
pub struct Position {
    file: File,
    turn: u64,
}

impl Position {
    /// Opens or makes it; what it holds, if it holds anything.
    pub fn open(path: &Path) -> io::Result<(Self, Option<Kept>)> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut bytes = [0; 2 * SLOT];
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read_at(&mut bytes[filled..], filled as u64)? {
                0 => break,
                count => filled += count,
            }
        }
        let slots = [decode(&bytes[..SLOT]), decode(&bytes[SLOT..])];
        let newest = slots.into_iter().flatten().max_by_key(|(turn, _)| *turn);
        let turn = newest.as_ref().map_or(0, |(turn, _)| *turn);
        Ok((Self { file, turn }, newest.map(|(_, kept)| kept)))
    }

    /// Keeps this.
    pub fn write(&mut self, kept: &Kept) -> io::Result<()> {
        self.turn += 1;
        let slot = encode(self.turn, kept);
        self.file.write_all_at(&slot, (self.turn % 2) * SLOT as u64)
    }

    /// Puts it on the medium.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// `<sum> <turn> <missing> <place>`, filled up with zeros.
fn encode(turn: u64, kept: &Kept) -> Vec<u8> {
    let rest = format!("{turn} {} {}", kept.missing, kept.place.as_deref().unwrap_or_default());
    let mut slot = format!("{:016x} {rest}", sum(rest.as_bytes())).into_bytes();
    slot.resize(SLOT, 0);
    slot
}

fn decode(slot: &[u8]) -> Option<(u64, Kept)> {
    let end = slot.iter().position(|byte| *byte == 0)?;
    let text = std::str::from_utf8(&slot[..end]).ok()?;
    let (found, rest) = text.split_once(' ')?;
    if u64::from_str_radix(found, 16).ok()? != sum(rest.as_bytes()) {
        return None;
    }
    let mut parts = rest.splitn(3, ' ');
    let (turn, missing) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let place = parts.next().filter(|place| !place.is_empty()).map(str::to_owned);
    Some((turn, Kept { place, missing }))
}

/// FNV-1a: against torn writes, not against people.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(place: &str) -> Kept {
        Kept { place: Some(place.into()), missing: 3 }
    }

    #[test]
    fn the_newest_whole_slot_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        let (mut position, none) = Position::open(&path).unwrap();
        assert_eq!(none, None);
        for place in ["a", "b", "c"] {
            position.write(&kept(place)).unwrap();
        }
        assert_eq!(Position::open(&path).unwrap().1, Some(kept("c")));
        // The slot of the third turn is torn at every byte.
        let whole = std::fs::read(&path).unwrap();
        for cut in SLOT..SLOT + 20 {
            let mut torn = whole.clone();
            torn[cut] ^= 1;
            std::fs::write(&path, torn).unwrap();
            let (mut position, found) = Position::open(&path).unwrap();
            assert_eq!(found, Some(kept("b")), "{cut}");
            position.write(&kept("d")).unwrap();
            assert_eq!(Position::open(&path).unwrap().1, Some(kept("d")));
        }
    }

    #[test]
    fn foreign_bytes_are_no_position() {
        for bytes in [&b""[..], &[0xff; 2 * SLOT], &b"0 1 2 x"[..]] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("p"), bytes).unwrap();
            assert_eq!(Position::open(&folder.path().join("p")).unwrap().1, None);
        }
    }
}
