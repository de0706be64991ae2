//! The GUID partition table, written as bytes.
//!
//! Invariants: partitions start and end on MiB boundaries, in the manifest's order, without gaps; the last one may grow.

use anyhow::{Context, ensure};

/// Bytes of a sector.
pub const SECTOR: u64 = 512;
/// Bytes of a MiB.
pub const MIB: u64 = 1 << 20;
const ENTRIES: usize = 128;
const ENTRY: usize = 128;

/// A partition with its place on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Name.
    pub name: String,
    /// Type GUID.
    pub kind: String,
    /// Partition GUID.
    pub uuid: String,
    /// First byte.
    pub start: u64,
    /// Length in bytes.
    pub length: u64,
}

/// Places partitions of the given MiB one behind the other; the first MiB is the table's.
pub fn place(partitions: &[(String, String, String, u64)]) -> Vec<Placed> {
    let mut start = MIB;
    partitions
        .iter()
        .map(|(name, kind, uuid, mib)| {
            let placed =
                Placed { name: name.clone(), kind: kind.clone(), uuid: uuid.clone(), start, length: mib * MIB };
            start += placed.length;
            placed
        })
        .collect()
}

/// Size of the disk: the partitions, and a MiB for the table's copy at the end.
pub fn disk_size(partitions: &[Placed]) -> u64 {
    partitions.last().map_or(MIB, |last| last.start + last.length) + MIB
}

/// The first sectors and the last sectors of the disk.
pub fn tables(disk_uuid: &str, partitions: &[Placed], size: u64) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    ensure!(partitions.len() <= ENTRIES, "too many partitions");
    let sectors = size / SECTOR;
    let array_sectors = (ENTRIES * ENTRY) as u64 / SECTOR;
    let mut array = vec![0; ENTRIES * ENTRY];
    for (entry, partition) in array.chunks_exact_mut(ENTRY).zip(partitions) {
        entry[..16].copy_from_slice(&guid(&partition.kind)?);
        entry[16..32].copy_from_slice(&guid(&partition.uuid)?);
        entry[32..40].copy_from_slice(&(partition.start / SECTOR).to_le_bytes());
        entry[40..48].copy_from_slice(&((partition.start + partition.length) / SECTOR - 1).to_le_bytes());
        for (place, unit) in entry[56..].chunks_exact_mut(2).zip(partition.name.encode_utf16()) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
    }
    let array_checksum = crc32(&array);
    let header = |own: u64, other: u64, array_at: u64| -> anyhow::Result<Vec<u8>> {
        let mut header = vec![0; SECTOR as usize];
        header[..8].copy_from_slice(b"EFI PART");
        header[8..12].copy_from_slice(&0x0001_0000u32.to_le_bytes());
        header[12..16].copy_from_slice(&92u32.to_le_bytes());
        header[24..32].copy_from_slice(&own.to_le_bytes());
        header[32..40].copy_from_slice(&other.to_le_bytes());
        header[40..48].copy_from_slice(&(2 + array_sectors).to_le_bytes());
        header[48..56].copy_from_slice(&(sectors - 2 - array_sectors).to_le_bytes());
        header[56..72].copy_from_slice(&guid(disk_uuid)?);
        header[72..80].copy_from_slice(&array_at.to_le_bytes());
        header[80..84].copy_from_slice(&u32::try_from(ENTRIES)?.to_le_bytes());
        header[84..88].copy_from_slice(&u32::try_from(ENTRY)?.to_le_bytes());
        header[88..92].copy_from_slice(&array_checksum.to_le_bytes());
        let checksum = crc32(&header[..92]);
        header[16..20].copy_from_slice(&checksum.to_le_bytes());
        Ok(header)
    };
    let mut first = protective_record(sectors);
    first.extend(header(1, sectors - 1, 2)?);
    first.extend(&array);
    let mut last = array;
    last.extend(header(sectors - 1, 1, sectors - 1 - array_sectors)?);
    Ok((first, last))
}

/// Tells tools that know no GPT that the disk is in use.
fn protective_record(sectors: u64) -> Vec<u8> {
    let mut record = vec![0; SECTOR as usize];
    let length = u32::try_from(sectors - 1).unwrap_or(u32::MAX);
    record[446..462].copy_from_slice(&[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0]);
    record[458..462].copy_from_slice(&length.to_le_bytes());
    record[510..].copy_from_slice(&[0x55, 0xaa]);
    record
}

/// A GUID's bytes: its first three groups are little-endian.
fn guid(text: &str) -> anyhow::Result<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let number = u128::from_str_radix(&digits, 16).with_context(|| format!("{text} is no GUID"))?;
    ensure!(digits.len() == 32, "{text} is no GUID");
    let mut bytes = number.to_be_bytes();
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Ok(bytes)
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partitions() -> Vec<Placed> {
        let one = |name: &str, mib| {
            let uuid = "00112233-4455-6677-8899-aabbccddeeff";
            (name.to_owned(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b".to_owned(), uuid.to_owned(), mib)
        };
        place(&[one("esp", 4), one("data", 2)])
    }

    #[test]
    fn partitions_follow_each_other_on_mib_boundaries() {
        let placed = partitions();
        assert_eq!((placed[0].start, placed[1].start), (MIB, 5 * MIB));
        assert_eq!(disk_size(&placed), 8 * MIB);
    }

    #[test]
    fn both_headers_carry_valid_checksums_and_name_each_other() {
        let (first, last) = tables("6f1b6d2c-5a35-4b0e-9d6e-52a1c0f0b001", &partitions(), 8 * MIB).unwrap();
        for header in [&first[512..1024], &last[last.len() - 512..]] {
            let mut copy = header[..92].to_vec();
            copy[16..20].fill(0);
            assert_eq!(crc32(&copy).to_le_bytes(), header[16..20]);
        }
        assert_eq!(first[512 + 24], 1);
        assert_eq!(u64::from_le_bytes(first[512 + 32..512 + 40].try_into().unwrap()), 8 * 2048 - 1);
        assert_eq!(first.len(), 34 * 512);
        assert_eq!(last.len(), 33 * 512);
    }

    #[test]
    fn a_guid_has_its_first_groups_reversed() {
        let bytes = guid("00112233-4455-6677-8899-aabbccddeeff").unwrap();
        assert_eq!(bytes[..8], [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66]);
        assert!(guid("short").is_err());
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
