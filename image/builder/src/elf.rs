//! What an ELF file needs: `DT_NEEDED` and `DT_RUNPATH` of 64-bit little-endian programs and libraries.
//!
//! Invariant: any bytes may come in; what is no such file needs nothing.

/// Dynamic dependencies.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Dependencies {
    /// Library names.
    pub needed: Vec<String>,
    /// Folders to look in first.
    pub runpath: Vec<String>,
    /// The program's loader.
    pub interpreter: Option<String>,
}

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// Whether the bytes begin like an ELF file.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

/// Reads the dependencies.
pub fn dependencies(bytes: &[u8]) -> Dependencies {
    parse(bytes).unwrap_or_default()
}

#[derive(Clone, Copy)]
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

fn parse(bytes: &[u8]) -> Option<Dependencies> {
    if !is_elf(bytes) || bytes.get(4..6)? != [2, 1] {
        return None;
    }
    let table = usize::try_from(u64_at(bytes, 32)?).ok()?;
    let (size, count) = (usize::from(u16_at(bytes, 54)?), usize::from(u16_at(bytes, 56)?));
    let segments: Vec<Segment> = (0..count)
        .filter_map(|index| {
            let at = table.checked_add(index.checked_mul(size)?)?;
            Some(Segment {
                kind: u32_at(bytes, at)?,
                offset: u64_at(bytes, at.checked_add(8)?)?,
                address: u64_at(bytes, at.checked_add(16)?)?,
                size: u64_at(bytes, at.checked_add(32)?)?,
            })
        })
        .collect();
    let of_kind = |kind: u32| segments.iter().find(move |segment| segment.kind == kind);
    let interpreter = of_kind(PT_INTERP).and_then(|segment| text_at(bytes, segment.offset));
    let Some(dynamic) = of_kind(PT_DYNAMIC) else {
        return Some(Dependencies { interpreter, ..Dependencies::default() });
    };

    let start = usize::try_from(dynamic.offset).ok()?;
    let entries: Vec<(u64, u64)> = (0..usize::try_from(dynamic.size / 16).ok()?)
        .map_while(|index| {
            let at = start.checked_add(index * 16)?;
            Some((u64_at(bytes, at)?, u64_at(bytes, at.checked_add(8)?)?))
        })
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let strings = entries.iter().find(|(tag, _)| *tag == DT_STRTAB)?.1;
    let strings = segments
        .iter()
        .filter(|segment| segment.kind == PT_LOAD)
        .find(|segment| strings >= segment.address && strings - segment.address < segment.size)
        .and_then(|segment| (strings - segment.address).checked_add(segment.offset))?;
    let texts = |wanted: &[u64]| -> Vec<String> {
        entries
            .iter()
            .filter(|(tag, _)| wanted.contains(tag))
            .filter_map(|(_, value)| text_at(bytes, strings.checked_add(*value)?))
            .collect()
    };
    let runpath = texts(&[DT_RPATH, DT_RUNPATH]).iter().flat_map(|path| path.split(':')).map(str::to_owned).collect();
    Some(Dependencies { needed: texts(&[DT_NEEDED]), runpath, interpreter })
}

fn text_at(bytes: &[u8], offset: u64) -> Option<String> {
    let rest = bytes.get(usize::try_from(offset).ok()?..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    String::from_utf8(rest[..end].to_vec()).ok()
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A library that needs others, of the fewest bytes that say so.
    pub(crate) fn library(needed: &[&str]) -> Vec<u8> {
        let mut strings = vec![0];
        let mut dynamic = Vec::new();
        for name in needed {
            dynamic.push((DT_NEEDED, strings.len() as u64));
            strings.extend(name.bytes().chain([0]));
        }
        let (headers, dynamic_at) = (64 + 2 * 56, 64 + 2 * 56);
        let strings_at = headers + (dynamic.len() + 2) * 16;
        dynamic.push((DT_STRTAB, 0x1000 + strings_at as u64));
        dynamic.push((0, 0));
        let mut bytes = b"\x7fELF\x02\x01".to_vec();
        bytes.resize(64, 0);
        bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&2u16.to_le_bytes());
        let total = (strings_at + strings.len()) as u64;
        for (kind, offset, address, size) in
            [(PT_LOAD, 0, 0x1000, total), (PT_DYNAMIC, dynamic_at as u64, 0, dynamic.len() as u64 * 16)]
        {
            let mut header = vec![0; 56];
            header[..4].copy_from_slice(&kind.to_le_bytes());
            header[8..16].copy_from_slice(&u64::to_le_bytes(offset));
            header[16..24].copy_from_slice(&u64::to_le_bytes(address));
            header[32..40].copy_from_slice(&u64::to_le_bytes(size));
            bytes.extend(header);
        }
        for (tag, value) in dynamic {
            bytes.extend(u64::to_le_bytes(tag));
            bytes.extend(u64::to_le_bytes(value));
        }
        bytes.extend(strings);
        bytes
    }

    #[test]
    fn needed_libraries_are_read() {
        assert_eq!(dependencies(&library(&["liba.so.1", "libc.so.6"])).needed, ["liba.so.1", "libc.so.6"]);
    }

    #[test]
    fn a_cut_or_scrambled_file_needs_nothing_and_does_not_panic() {
        let whole = library(&["liba.so.1"]);
        for end in 0..whole.len() {
            let _ = dependencies(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            let _ = dependencies(&bytes);
        }
        assert_eq!(dependencies(b"#!/bin/sh"), Dependencies::default());
    }
}
