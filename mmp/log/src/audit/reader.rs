//! Reading the audit log while mmpd appends to it.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use super::{decode, segments};
use crate::record::Record;

/// The audit log, at a place in it.
#[derive(Debug)]
pub struct Reader {
    folder: PathBuf,
    /// The number of the file's first line, and the file.
    open: Option<(u64, BufReader<File>)>,
    /// A line whose end is not written yet.
    partial: Vec<u8>,
    /// Lines before this number are passed over.
    from: u64,
}

impl Reader {
    /// At the oldest line.
    pub fn open(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), open: None, partial: Vec::new(), from: 0 }
    }

    /// The line of this number comes next, or the next one that is kept.
    pub fn seek(&mut self, number: u64) {
        (self.open, self.from) = (None, number);
        self.partial.clear();
    }

    /// The newest `count` lines come next.
    pub fn seek_last(&mut self, count: u64) -> io::Result<()> {
        let first = segments(&self.folder).last().map_or(0, |(first, _)| *first);
        self.seek(first);
        let mut last = first.saturating_sub(1);
        while let Some((number, _)) = self.next()? {
            last = number;
        }
        self.seek((last + 1).saturating_sub(count));
        Ok(())
    }

    /// The next line with its number, or `None` while there is none.
    #[allow(clippy::should_implement_trait)] // it goes on after None, as a log does
    pub fn next(&mut self) -> io::Result<Option<(u64, Record)>> {
        loop {
            if self.open.is_none() && !self.open_next(None)? {
                return Ok(None);
            }
            if let Some(found) = self.line()? {
                if let Some((number, record)) = found.filter(|(number, _)| *number >= self.from) {
                    self.from = number + 1;
                    return Ok(Some((number, record)));
                }
                continue;
            }
            let current = self.open.as_ref().map(|(first, _)| *first);
            // A later file means that this one is complete; what was appended before the later one was made is read first.
            if !segments(&self.folder).iter().any(|(first, _)| Some(*first) > current) {
                return Ok(None);
            }
            if let Some(found) = self.line()? {
                if let Some((number, record)) = found.filter(|(number, _)| *number >= self.from) {
                    self.from = number + 1;
                    return Ok(Some((number, record)));
                }
                continue;
            }
            if !self.open_next(current)? {
                return Ok(None);
            }
        }
    }

    /// `None` at the end of the file, `Some(None)` for a line that is none.
    #[allow(clippy::option_option)] // the two are different
    fn line(&mut self) -> io::Result<Option<Option<(u64, Record)>>> {
        let Some((_, file)) = &mut self.open else { return Ok(None) };
        file.read_until(b'\n', &mut self.partial)?;
        if self.partial.last() != Some(&b'\n') {
            return Ok(None);
        }
        let found = decode(&self.partial);
        self.partial.clear();
        Ok(Some(found))
    }

    /// Opens the file after `current`, or the one that holds the wanted line. False when there is none.
    fn open_next(&mut self, current: Option<u64>) -> io::Result<bool> {
        let files = segments(&self.folder);
        let next = match current {
            Some(current) => files.into_iter().find(|(first, _)| *first > current),
            None => {
                let at = files.iter().rposition(|(first, _)| *first <= self.from).unwrap_or(0);
                files.into_iter().nth(at)
            }
        };
        let Some((first, path)) = next else { return Ok(false) };
        match File::open(path) {
            Ok(file) => {
                self.partial.clear();
                self.open = Some((first, BufReader::new(file)));
                Ok(true)
            }
            // It was pushed out meanwhile: the next look finds the one after it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Store, tests::record},
        *,
    };

    #[test]
    fn a_reader_follows_over_the_end_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_with(folder.path(), 100).unwrap();
        let mut reader = Reader::open(folder.path());
        assert!(reader.next().unwrap().is_none());
        for n in 1..=20 {
            store.append(&record(&format!("line {n}"))).unwrap();
            assert_eq!(reader.next().unwrap().unwrap().0, n);
            assert!(reader.next().unwrap().is_none());
        }
    }

    #[test]
    fn it_starts_at_a_number_and_at_the_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open_with(folder.path(), 100).unwrap();
        for n in 1..=20 {
            store.append(&record(&format!("line {n}"))).unwrap();
        }
        let mut reader = Reader::open(folder.path());
        reader.seek(7);
        assert_eq!(reader.next().unwrap().unwrap().1.text(), "line 7");
        for (count, first) in [(1, 20), (5, 16), (99, 1)] {
            reader.seek_last(count).unwrap();
            assert_eq!(reader.next().unwrap().unwrap().0, first, "the last {count}");
        }
        reader.seek_last(0).unwrap();
        assert!(reader.next().unwrap().is_none());
        store.append(&record("line 21")).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().0, 21);
    }
}
