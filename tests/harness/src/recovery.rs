//! `/data` after a power cut, recovered and read on the host without booting.
//!
//! Invariants: recovery is e2fsck's replay of the journal and a full check, so a file system that the appliance could not
//! use is an error here; between two cuts the image is exactly what was flushed, whatever a recovery wrote to it.

use std::{
    fs::{self, File, OpenOptions},
    io::Read as _,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use nix::{
    errno::Errno,
    unistd::{Whence, lseek},
};

use crate::{
    disk,
    medium::{Entry, PAGE, Pages},
    process::run,
    tools::tool,
};

const LONG: Duration = Duration::from_secs(120);
/// The partition table is within this.
const HEAD: u64 = 64 << 10;
/// In what pieces an image is compared: many pages, so that there are few calls.
const STRETCH: u64 = 1 << 20;

/// The data partition at one moment of a record.
pub struct Image {
    path: PathBuf,
    file: File,
    /// First byte on the disk, and number of bytes.
    start: u64,
    length: u64,
    /// What was flushed, by pages of the partition; the others are zero.
    flushed: Pages,
    folder: PathBuf,
}

impl Image {
    /// The partition on a raw disk with other pages over it; `folder` takes the image.
    pub fn new(raw: &Path, over: &Pages, folder: &Path) -> Result<Self> {
        let disk = File::open(raw).with_context(|| format!("cannot open {}", raw.display()))?;
        let mut head = Vec::new();
        (&disk).take(HEAD).read_to_end(&mut head)?;
        let (first, count) = disk::partition(&head, "data").context("the disk has no data partition")?;
        let (start, length) = (first * disk::SECTOR, count * disk::SECTOR);
        let path = folder.join("data.raw");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.set_len(length)?;
        let mut image = Self { path, file, start, length, flushed: Pages::default(), folder: folder.into() };
        for (from, to) in stretches(&disk, start, start + length)? {
            let mut bytes = vec![0; (to - from) as usize];
            disk.read_exact_at(&mut bytes, from)?;
            image.keep(from, &bytes)?;
        }
        for (number, page) in over.iter() {
            image.keep(number * PAGE as u64, page)?;
        }
        Ok(image)
    }

    /// These entries happened and were flushed.
    pub fn advance(&mut self, entries: &[Entry]) -> Result<()> {
        for entry in entries {
            match entry {
                Entry::Write(offset, bytes) => self.keep(*offset, bytes)?,
                Entry::Zero(offset, count) => self.keep(*offset, &vec![0; usize::try_from(*count)?])?,
                Entry::Flush => {}
            }
        }
        Ok(())
    }

    /// Cuts the power with these writes surviving beside what was flushed, recovers the file system, copies `folders` of it
    /// below `to`, and puts the image back.
    pub fn cut(&mut self, surviving: &[(u64, Box<[u8]>)], folders: &[&str], to: &Path) -> Result<()> {
        for (offset, bytes) in surviving {
            self.file.write_all_at(bytes, self.within(*offset, bytes.len())?)?;
        }
        let outcome = self.recover().and_then(|()| self.extract(folders, to));
        self.put_back()?;
        outcome
    }

    fn keep(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let at = self.within(offset, bytes.len())?;
        self.file.write_all_at(bytes, at)?;
        Ok(self.flushed.put(at, bytes, |_| Ok([0; PAGE]))?)
    }

    /// Place in the partition. Nothing else on the disk is ever written.
    fn within(&self, offset: u64, count: usize) -> Result<u64> {
        let end = self.start + self.length;
        ensure!(
            offset >= self.start && offset + count as u64 <= end,
            "the appliance wrote {count} bytes outside /data, at {offset}"
        );
        Ok(offset - self.start)
    }

    fn recover(&self) -> Result<()> {
        // 1: errors were corrected, which a replayed journal and a removed unnamed file count as.
        let outcome = run(tool("usr/sbin/e2fsck").args(["-f", "-p"]).arg(&self.path), b"", LONG)?;
        if outcome.code() > 1 {
            let kept = self.folder.join("damaged.raw");
            fs::copy(&self.path, &kept)?;
            bail!(
                "the file system is damaged: {}{} ({})",
                outcome.stdout.trim(),
                outcome.stderr.trim(),
                kept.display()
            );
        }
        Ok(())
    }

    fn extract(&self, folders: &[&str], to: &Path) -> Result<()> {
        let requests: String = folders.iter().map(|folder| format!("rdump {folder} {}\n", to.display())).collect();
        let outcome = run(tool("usr/sbin/debugfs").args(["-f", "-"]).arg(&self.path), requests.as_bytes(), LONG)?;
        outcome.success("debugfs").map(drop)
    }

    /// Undoes what the cut and the recovery wrote.
    fn put_back(&mut self) -> Result<()> {
        for (from, to) in stretches(&self.file, 0, self.length)? {
            let mut bytes = vec![0; (to - from) as usize];
            self.file.read_exact_at(&mut bytes, from)?;
            for (page, number) in bytes.chunks(PAGE).zip(from / PAGE as u64..) {
                let wanted = self.flushed.get(number).unwrap_or(&[0; PAGE]);
                if page != wanted {
                    self.file.write_all_at(wanted, number * PAGE as u64)?;
                }
            }
        }
        Ok(())
    }
}

/// Parts of a sparse file that are not known to be zero, in whole pages and short pieces.
fn stretches(file: &File, start: u64, end: u64) -> Result<Vec<(u64, u64)>> {
    let page = PAGE as u64;
    let seek = |at: u64, whence| match lseek(file, i64::try_from(at)?, whence) {
        Ok(found) => Ok(Some(u64::try_from(found)?)),
        Err(Errno::ENXIO) => Ok(None),
        Err(error) => Err(anyhow::Error::from(error)),
    };
    let (mut found, mut at) = (Vec::new(), start);
    while let Some(data) = seek(at, Whence::SeekData)?.filter(|data| *data < end) {
        let hole = seek(data, Whence::SeekHole)?.unwrap_or(end).div_ceil(page) * page;
        let mut from = data / page * page;
        while from < hole.min(end) {
            let to = hole.min(end).min(from + STRETCH);
            found.push((from, to));
            from = to;
        }
        at = hole;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_cover_all_data_of_a_sparse_file() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(16 << 20).unwrap();
        file.write_all_at(b"x", (5 << 20) + 7).unwrap();
        file.write_all_at(&vec![1; 3 << 20], 8 << 20).unwrap();
        let found = stretches(&file, 0, 16 << 20).unwrap();
        let covered = |at: u64| found.iter().any(|(from, to)| (*from..*to).contains(&at));
        assert!(covered((5 << 20) + 7) && covered(8 << 20) && covered((11 << 20) - 1));
        assert!(found.iter().all(|(from, to)| to - from <= STRETCH && from % 4096 == 0));
    }
}
