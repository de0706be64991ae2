//! The audit log: numbered lines in files of bounded size, which mmpd alone appends to.
//!
//! Invariants: numbers go up by one and are never used twice while their line is kept; a line is whole or not there (a
//! torn one is cut off when the store is opened, and a reader waits for the end of a line); the store never holds more
//! than [`SEGMENTS`] files of [`SEGMENT`] bytes, and only the audit log's own lines push an old one out.
//!
//! A line on disk is `<number> <microseconds since 1970> <facility> <level> <host> <program> <text>`.

mod reader;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

pub use reader::Reader;

use crate::record::{Facility, Level, Record};

/// Bytes of a file of the store.
pub const SEGMENT: u64 = 4 << 20;
/// Files of the store: with 4 MiB each about half a million lines.
pub const SEGMENTS: usize = 16;

/// The store, open for appending.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    file: File,
    size: u64,
    next: u64,
    /// Bytes that a file takes; smaller in tests only.
    segment: u64,
    unsynced: bool,
}

impl Store {
    /// Opens the store, and cuts off what a power cut left of a line.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Self::open_with(folder, SEGMENT)
    }

    fn open_with(folder: &Path, segment: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let first = segments(folder).last().map_or(1, |(first, _)| *first);
        let path = place(folder, first);
        let file = append_to(&path)?;
        let (whole, last) = whole_lines(&path)?;
        if whole < file.metadata()?.len() {
            file.set_len(whole)?;
            file.sync_data()?;
        }
        let next = last.map_or(first, |last| last + 1);
        Ok(Self { folder: folder.to_owned(), file, size: whole, next, segment, unsynced: false })
    }

    /// Appends a record; its number. It is durable after [`Self::sync`].
    pub fn append(&mut self, record: &Record) -> io::Result<u64> {
        let number = self.next;
        let line = encode(number, record);
        if self.size > 0 && self.size + line.len() as u64 > self.segment {
            self.rotate()?;
        }
        let written = self.file.write_all(line.as_bytes()).or_else(|error| {
            self.file.set_len(self.size)?;
            // The oldest lines make room for the newest, as they would at the bound.
            if error.kind() == io::ErrorKind::StorageFull && self.drop_oldest() {
                self.file.write_all(line.as_bytes())
            } else {
                Err(error)
            }
        });
        if let Err(error) = written {
            let _ = self.file.set_len(self.size);
            return Err(error);
        }
        self.size += line.len() as u64;
        self.next += 1;
        self.unsynced = true;
        Ok(number)
    }

    /// Puts everything that was appended on the medium.
    pub fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unsynced) {
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// The number of the next line.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.sync()?;
        while segments(&self.folder).len() >= SEGMENTS && self.drop_oldest() {}
        self.file = append_to(&place(&self.folder, self.next))?;
        File::open(&self.folder)?.sync_all()?;
        self.size = 0;
        Ok(())
    }

    /// Away with the oldest file that is not written to. False when there is none.
    fn drop_oldest(&self) -> bool {
        let files = segments(&self.folder);
        files.len() > 1 && fs::remove_file(&files[0].1).is_ok()
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    // Its folder decides who gets here; the forwarder reads it by its group.
    OpenOptions::new().create(true).append(true).mode(0o640).open(path)
}

/// Files of the store with the number of their first line, oldest first.
pub fn segments(folder: &Path) -> Vec<(u64, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = u64::from_str_radix(name.to_str()?.strip_prefix("audit.")?, 16).ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// The records of one file of the store.
pub fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Record>> + use<>> {
    let mut file = BufReader::new(File::open(path)?);
    Ok(std::iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            match file.read_until(b'\n', &mut line) {
                Err(error) => return Some(Err(error)),
                // Half a line is not there yet.
                Ok(_) if line.last() != Some(&b'\n') => return None,
                Ok(_) => {}
            }
            if let Some((_, record)) = decode(&line) {
                return Some(Ok(record));
            }
        }
    }))
}

fn place(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("audit.{first:016x}"))
}

/// Bytes up to the end of the last whole line, and the highest number in them.
fn whole_lines(path: &Path) -> io::Result<(u64, Option<u64>)> {
    let mut file = BufReader::new(File::open(path)?);
    let (mut whole, mut last) = (0, None);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = file.read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            return Ok((whole, last));
        }
        whole += length as u64;
        last = last.max(decode(&line).map(|(number, _)| number));
    }
}

fn encode(number: u64, record: &Record) -> String {
    let (facility, level) = (record.facility.number(), record.level.number());
    format!("{number} {} {facility} {level} {} {} {}\n", record.at, record.host(), record.program(), record.text())
}

/// A line without or with its end; `None` for one that a failing disk has changed.
fn decode(line: &[u8]) -> Option<(u64, Record)> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
    let mut parts = line.splitn(7, ' ');
    let number = parts.next()?.parse().ok()?;
    let at = parts.next()?.parse().ok()?;
    let facility = Facility::from_number(parts.next()?.parse().ok()?)?;
    let level = Level::from_number(parts.next()?.parse().ok()?)?;
    Some((number, Record::new(at, facility, level, parts.next()?, parts.next()?, parts.next()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub fn record(text: &str) -> Record {
        Record::new(1_000_000, Facility::LOCAL0, Level::INFO, "cms", "cli", text)
    }

    fn texts(folder: &Path) -> Vec<(u64, String)> {
        let mut reader = Reader::open(folder);
        std::iter::from_fn(|| reader.next().unwrap()).map(|(number, r)| (number, r.text().to_owned())).collect()
    }

    #[test]
    fn a_torn_line_is_cut_off_and_numbers_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        assert_eq!(store.append(&record("one")).unwrap(), 1);
        drop(store);
        let (_, path) = segments(folder.path()).remove(0);
        OpenOptions::new().append(true).open(path).unwrap().write_all(b"2 1000000 16 6 cms cli tor").unwrap();
        assert_eq!(texts(folder.path()), [(1, "one".into())], "a reader does not see half a line");
        let mut store = Store::open(folder.path()).unwrap();
        assert_eq!(store.append(&record("two")).unwrap(), 2);
        assert_eq!(texts(folder.path()), [(1, "one".into()), (2, "two".into())]);
    }

    #[test]
    fn the_store_is_bounded_and_the_newest_lines_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_with(folder.path(), 200).unwrap();
        for n in 1..=200 {
            store.append(&record(&format!("line {n}"))).unwrap();
        }
        assert_eq!(segments(folder.path()).len(), SEGMENTS);
        let kept = texts(folder.path());
        assert_eq!(kept.last(), Some(&(200, "line 200".into())));
        assert!(kept.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1));
        let bytes: u64 = segments(folder.path()).iter().map(|(_, path)| fs::metadata(path).unwrap().len()).sum();
        assert!(bytes <= 200 * SEGMENTS as u64);
        drop(store);
        assert_eq!(Store::open_with(folder.path(), 200).unwrap().next_number(), 201);
    }

    #[test]
    fn a_line_that_the_disk_has_changed_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        for text in ["one", "two", "three"] {
            store.append(&record(text)).unwrap();
        }
        let (_, path) = segments(folder.path()).remove(0);
        let spoilt = fs::read_to_string(&path).unwrap().replace("2 1000000", "\u{fffd} 100000");
        fs::write(&path, spoilt).unwrap();
        assert_eq!(texts(folder.path()).len(), 2);
        assert_eq!(Store::open(folder.path()).unwrap().next_number(), 4);
    }

    proptest! {
        #[test]
        fn what_is_appended_is_read(text in any::<String>(), program in any::<String>()) {
            let record = Record::new(5, Facility::LOCAL0, Level::INFO, "cms", &program, &text);
            let line = encode(7, &record);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert_eq!(decode(line.as_bytes()), Some((7, record)));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
        }
    }
}
