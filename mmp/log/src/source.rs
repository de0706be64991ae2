//! Either log, read alike: by whoever shows it and by whoever hands it on.
//!
//! Invariant: places are opaque to readers, and two of them tell how many lines lie between, unless the log was begun
//! anew in the meantime.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
};

use crate::{Record, SystemLog, Watch, audit, system};

/// A log at a place in it.
pub trait Source {
    /// The next record, or `None` while there is none.
    fn next(&mut self) -> io::Result<Option<Record>>;
    /// The place of the record that was given out last.
    fn place(&self) -> io::Result<String>;
    /// The oldest record comes next.
    fn seek_head(&mut self) -> io::Result<()>;
    /// The newest `count` records come next.
    fn seek_last(&mut self, count: u64) -> io::Result<()>;
    /// What follows this place comes next, or what is still kept of it; false when the place itself is not kept.
    fn seek_after(&mut self, place: &str) -> io::Result<bool>;
    /// Readable when there may be more; then [`Self::refresh`] before the next look.
    fn changes(&self) -> Option<BorrowedFd<'_>>;
    /// Takes in that the log has grown.
    fn refresh(&mut self) -> io::Result<()>;
}

impl Source for SystemLog {
    fn next(&mut self) -> io::Result<Option<Record>> {
        self.next()
    }
    fn place(&self) -> io::Result<String> {
        self.cursor()
    }
    fn seek_head(&mut self) -> io::Result<()> {
        self.seek_head()
    }
    fn seek_last(&mut self, count: u64) -> io::Result<()> {
        self.seek_last(count)
    }
    fn seek_after(&mut self, place: &str) -> io::Result<bool> {
        self.seek_after(place)
    }
    fn changes(&self) -> Option<BorrowedFd<'_>> {
        self.changes()
    }
    fn refresh(&mut self) -> io::Result<()> {
        self.refresh()
    }
}

/// The audit log with its watch.
#[derive(Debug)]
pub struct AuditLog {
    reader: audit::Reader,
    watch: Option<Watch>,
    last: u64,
}

impl AuditLog {
    /// At the oldest record.
    pub fn open(folder: &Path) -> Self {
        Self { reader: audit::Reader::open(folder), watch: Watch::new(folder).ok(), last: 0 }
    }
}

impl Source for AuditLog {
    fn next(&mut self) -> io::Result<Option<Record>> {
        Ok(self.reader.next()?.map(|(number, record)| {
            self.last = number;
            record
        }))
    }
    fn place(&self) -> io::Result<String> {
        Ok(self.last.to_string())
    }
    fn seek_head(&mut self) -> io::Result<()> {
        self.reader.seek(0);
        Ok(())
    }
    fn seek_last(&mut self, count: u64) -> io::Result<()> {
        self.reader.seek_last(count)
    }
    fn seek_after(&mut self, place: &str) -> io::Result<bool> {
        self.last = place.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
        self.reader.seek(self.last + 1);
        // Numbers tell what is missing by themselves.
        Ok(true)
    }
    fn changes(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }
    fn refresh(&mut self) -> io::Result<()> {
        if let Some(watch) = &self.watch {
            watch.reset();
        }
        Ok(())
    }
}

/// How many lines lead from one place to a later one; `None` where that cannot be told.
pub fn distance(from: &str, to: &str) -> Option<u64> {
    let number = |place| system::number(place).or_else(|| Some(("", str::parse(place).ok()?)));
    let ((sequence, from), (same, to)) = (number(from)?, number(to)?);
    (sequence == same).then(|| to.saturating_sub(from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_one_log_tell_how_far_apart_they_are() {
        assert_eq!(distance("7", "9"), Some(2));
        assert_eq!(distance("s=ab;i=a;b=1", "s=ab;i=1f;b=1"), Some(21));
        assert_eq!(distance("s=ab;i=a;b=1", "s=cd;i=1f;b=1"), None);
        assert_eq!(distance("7", "s=cd;i=1f;b=1"), None);
        assert_eq!(distance("", "x"), None);
    }
}
