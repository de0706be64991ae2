//! Partition GUIDs of a disk, from its GUID partition table (this kernel publishes numbers and names only).
//!
//! Invariant: any bytes may come in. Nothing here is trusted: a partition that lies about its GUID fails verification.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Largest table that is read.
const MOST_ENTRIES: u32 = 128;

/// Partition number to GUID text.
pub fn uuids(disk: &Path, block: u64) -> BTreeMap<u32, String> {
    read(disk, block).unwrap_or_default()
}

fn read(disk: &Path, block: u64) -> Option<BTreeMap<u32, String>> {
    let file = File::open(disk).ok()?;
    let mut header = [0; 92];
    file.read_exact_at(&mut header, block).ok()?;
    let (at, count, size) = geometry(&header, block)?;
    let mut array = vec![0; size.checked_mul(usize::try_from(count).ok()?)?];
    file.read_exact_at(&mut array, at).ok()?;
    Some(parse(&array, size))
}

/// Where the entries are, how many, and how long each.
fn geometry(header: &[u8; 92], block: u64) -> Option<(u64, u32, usize)> {
    if !header.starts_with(b"EFI PART") {
        return None;
    }
    let at = u64::from_le_bytes(header[72..80].try_into().ok()?).checked_mul(block)?;
    let count = u32::from_le_bytes(header[80..84].try_into().ok()?).min(MOST_ENTRIES);
    let size = u32::from_le_bytes(header[84..88].try_into().ok()?);
    (128..=4096).contains(&size).then_some((at, count, usize::try_from(size).ok()?))
}

fn parse(array: &[u8], size: usize) -> BTreeMap<u32, String> {
    (1..)
        .zip(array.chunks_exact(size))
        .filter_map(|(number, entry)| {
            let used = entry[..16].iter().any(|byte| *byte != 0);
            Some((number, text(entry[16..32].try_into().ok()?))).filter(|_| used)
        })
        .collect()
}

/// The first three groups are little-endian.
fn text(bytes: [u8; 16]) -> String {
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text = String::with_capacity(36);
    for (place, index) in ORDER.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{:02x}", bytes[index]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_entries_give_their_number_and_guid() {
        let mut array = vec![0; 3 * 128];
        array[128] = 1;
        array[128 + 16..128 + 32].copy_from_slice(&[
            0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
        ]);
        let found = parse(&array, 128);
        assert_eq!(found, BTreeMap::from([(2, "00112233-4455-6677-8899-aabbccddeeff".to_owned())]));
    }

    #[test]
    fn a_header_with_absurd_numbers_is_refused_or_bounded() {
        let mut header = [0xff; 92];
        assert_eq!(geometry(&header, 512), None);
        header[..8].copy_from_slice(b"EFI PART");
        assert_eq!(geometry(&header, 512), None);
        header[72..80].copy_from_slice(&2u64.to_le_bytes());
        header[84..88].copy_from_slice(&128u32.to_le_bytes());
        assert_eq!(geometry(&header, 512), Some((1024, MOST_ENTRIES, 128)));
    }
}
