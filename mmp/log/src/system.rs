//! The system log: journald's files, read through libsystemd.
//!
//! Invariants: a cursor that leads to a record which is no longer kept leads to the next one that is; what a program put
//! into its fields is made printable before anybody sees it.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::{Path, PathBuf},
};

use systemd::{Journal, journal};

use crate::{
    record::{Facility, Level, Record},
    watch::Watch,
};

/// Fields longer than this are cut by libsystemd.
const LONGEST_FIELD: usize = 32 << 10;

/// The journal, at a place in it.
pub struct SystemLog {
    journal: Journal,
    /// The journal stands on a record that was not given out yet.
    standing: bool,
    watch: Option<Watch>,
}

/// A file of the journal in the folder, newest first: the one that is written to, then the archived ones.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for machine in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let entries = std::fs::read_dir(machine.path()).into_iter().flatten().flatten();
        files.extend(entries.map(|entry| entry.path()).filter(|path| is_journal(path)));
    }
    // `system.journal` first; archived ones have the time of their first record at the end of their name.
    files.sort_by_key(|path| std::cmp::Reverse(age(path)));
    files
}

fn is_journal(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "journal" || extension == "journal~")
}

/// Sorts names by the time of their first record: `system@<id>-<number>-<time>.journal`, hexadecimal.
fn age(path: &Path) -> (u8, u64) {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    match stem.split_once('@') {
        None => (1, 0),
        Some((_, rest)) => {
            let parts: Vec<&str> = rest.split('-').collect();
            // A file that was found broken is named by the time of the finding first.
            let time = if parts.len() == 3 { parts[2] } else { parts[0] };
            (0, u64::from_str_radix(time, 16).unwrap_or(0))
        }
    }
}

impl SystemLog {
    /// All files below the folder, at the oldest record.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let journal = journal::OpenDirectoryOptions::default().open_directory(text(folder)?)?;
        // From here on libsystemd keeps an eye on the folder itself; `refresh` lets it look.
        journal.fd()?;
        let mut log = Self::of(journal)?;
        // Each machine has its own folder below; there is only this machine's.
        let machine = std::fs::read_dir(folder).ok().and_then(|mut entries| entries.next()?.ok());
        log.watch = machine.and_then(|entry| Watch::new(&entry.path()).ok());
        Ok(log)
    }

    /// One file, at its oldest record.
    pub fn open_file(file: &Path) -> io::Result<Self> {
        Self::of(journal::OpenFilesOptions::default().open_files([text(file)?])?)
    }

    fn of(mut journal: Journal) -> io::Result<Self> {
        journal.set_data_threshold(LONGEST_FIELD)?;
        journal.seek_head()?;
        Ok(Self { journal, standing: false, watch: None })
    }

    /// The oldest record comes next.
    pub fn seek_head(&mut self) -> io::Result<()> {
        self.standing = false;
        Ok(self.journal.seek_head()?)
    }

    /// The newest `count` records come next.
    pub fn seek_last(&mut self, count: u64) -> io::Result<()> {
        self.journal.seek_tail()?;
        // Without a step back the end is not a place that a step forward can start from.
        self.standing = self.journal.previous_skip(count.max(1))? > 0 && count > 0;
        Ok(())
    }

    /// What follows the record of this cursor comes next; false when the record itself is no longer kept.
    pub fn seek_after(&mut self, cursor: &str) -> io::Result<bool> {
        self.journal.seek_cursor(cursor)?;
        // Where the record is gone the step leads to the one after it, which is to be given out.
        let found = self.journal.next()? > 0;
        let exact = found && self.journal.test_cursor(cursor)?;
        self.standing = found && !exact;
        Ok(exact)
    }

    /// The next record, or `None` while there is none.
    #[allow(clippy::should_implement_trait)] // it goes on after None, as a log does
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        if !self.standing && self.journal.next()? == 0 {
            return Ok(None);
        }
        self.standing = false;
        self.read().map(Some)
    }

    /// The place of the record that was given out last.
    pub fn cursor(&self) -> io::Result<String> {
        Ok(self.journal.cursor()?)
    }

    /// Readable when there may be more; then [`Self::refresh`] before the next look.
    pub fn changes(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// Takes in that files grew, came or went.
    pub fn refresh(&mut self) -> io::Result<()> {
        if let Some(watch) = &self.watch {
            watch.reset();
        }
        self.journal.process()?;
        Ok(())
    }

    fn read(&mut self) -> io::Result<Record> {
        let at = i64::try_from(self.journal.timestamp_usec()?).unwrap_or(i64::MAX);
        let mut found = Fields::default();
        self.journal.restart_data();
        while let Some(field) = self.journal.enumerate_data()? {
            found.take(field.name(), field.value().unwrap_or_default());
        }
        Ok(found.record(at))
    }
}

/// The number of a record and of the sequence that it is in, from its cursor: `s=<sequence>;i=<number>;...`.
pub fn number(cursor: &str) -> Option<(&str, u64)> {
    let part = |key: &str| cursor.split(';').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
    Some((part("s")?, u64::from_str_radix(part("i")?, 16).ok()?))
}

fn text(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// Fields of a record that a line is made of.
#[derive(Default)]
struct Fields {
    message: Option<String>,
    priority: Option<u8>,
    facility: Option<u8>,
    program: Option<String>,
    command: Option<String>,
    pid: Option<u32>,
    host: Option<String>,
    kernel: bool,
}

impl Fields {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b"MESSAGE" => self.message = Some(text()),
            b"PRIORITY" => self.priority = text().parse().ok(),
            b"SYSLOG_FACILITY" => self.facility = text().parse().ok(),
            b"SYSLOG_IDENTIFIER" => self.program = Some(text()),
            b"SYSLOG_PID" => self.pid = text().parse().ok(),
            b"_COMM" => self.command = Some(text()),
            b"_HOSTNAME" => self.host = Some(text()),
            b"_TRANSPORT" => self.kernel = value == b"kernel",
            _ => {}
        }
    }

    fn record(self, at: i64) -> Record {
        let facility = self.facility.and_then(Facility::from_number);
        let kernel = if self.kernel { Facility::from_number(0) } else { None };
        let program = self.program.or(self.command).unwrap_or_else(|| "unknown".into());
        let mut record = Record::new(
            at,
            facility.or(kernel).unwrap_or(Facility::USER),
            self.priority.and_then(Level::from_number).unwrap_or(Level::INFO),
            &self.host.unwrap_or_default(),
            &program,
            &self.message.unwrap_or_default(),
        );
        record.pid = self.pid;
        record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_tells_the_number_of_its_record() {
        let cursor = "s=0639c6c5;i=1f;b=3b2f;m=2a;t=5f;x=44";
        assert_eq!(number(cursor), Some(("0639c6c5", 31)));
        assert_eq!(number("nonsense"), None);
    }

    #[test]
    fn files_are_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let machine = folder.path().join("m");
        std::fs::create_dir(&machine).unwrap();
        for name in ["system@aa-01-0002.journal", "system.journal", "system@aa-02-0009.journal", "x.txt"] {
            std::fs::write(machine.join(name), "").unwrap();
        }
        let names: Vec<_> = files(folder.path()).iter().map(|f| f.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["system.journal", "system@aa-02-0009.journal", "system@aa-01-0002.journal"]);
    }

    #[test]
    fn fields_that_a_program_left_out_are_filled_in() {
        let mut fields = Fields::default();
        for (name, value) in [("MESSAGE", "\x1b]0;x\x07hi"), ("_COMM", "nft"), ("PRIORITY", "99")] {
            fields.take(name.as_bytes(), value.as_bytes());
        }
        let record = fields.record(0);
        assert_eq!((record.facility, record.level), (Facility::USER, Level::INFO));
        assert_eq!((record.program(), record.text(), record.host()), ("nft", "#033]0;x#007hi", "-"));
    }
}
