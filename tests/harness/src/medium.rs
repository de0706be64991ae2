//! A disk behind a volatile cache, with a record of everything that is written to it.
//!
//! Invariants: at a power cut everything before the last flush is kept, and of what was written after it any part may be,
//! sector by sector and in any order, as a real disk's cache has it; the file below is never written.

use std::{
    collections::HashMap,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// What a disk writes wholly or not at all.
pub const SECTOR: usize = 512;
/// In what pieces the contents are kept here.
pub const PAGE: usize = 4096;

type Page = [u8; PAGE];

/// One thing that the machine did to its disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Data were written at an offset.
    Write(u64, Box<[u8]>),
    /// So many bytes were made zero at an offset.
    Zero(u64, u64),
    /// Everything before was asked to be kept.
    Flush,
}

/// What becomes of writes that were not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// All are kept, as if each had been flushed: the record is cut off and nothing else.
    Kept,
    /// All are lost.
    Lost,
    /// Some are kept whole, some are lost and some are torn; which, the number decides.
    Mixed(u64),
}

/// Pages that differ from what is below.
#[derive(Clone, Default)]
pub struct Pages(HashMap<u64, Arc<Page>>);

impl Pages {
    /// One page, if it differs.
    pub fn get(&self, number: u64) -> Option<&Page> {
        self.0.get(&number).map(AsRef::as_ref)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Page)> {
        self.0.iter().map(|(number, page)| (*number, page.as_ref()))
    }

    /// Puts bytes at an offset; a page that is not there yet starts as `below` says.
    pub fn put(&mut self, offset: u64, mut bytes: &[u8], below: impl Fn(u64) -> io::Result<Page>) -> io::Result<()> {
        let mut at = offset;
        while !bytes.is_empty() {
            let (number, inside) = (at / PAGE as u64, (at % PAGE as u64) as usize);
            let count = bytes.len().min(PAGE - inside);
            let page = match self.0.entry(number) {
                std::collections::hash_map::Entry::Occupied(found) => found.into_mut(),
                std::collections::hash_map::Entry::Vacant(free) => free.insert(Arc::new(below(number)?)),
            };
            Arc::make_mut(page)[inside..inside + count].copy_from_slice(&bytes[..count]);
            bytes = &bytes[count..];
            at += count as u64;
        }
        Ok(())
    }
}

/// A seeded source of numbers, the same on every machine (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % end as u64).unwrap_or(0)
    }
}

/// The disk; clones are the same one.
#[derive(Clone)]
pub struct Medium {
    inner: Arc<(Mutex<Inner>, Condvar)>,
}

struct Inner {
    below: File,
    size: u64,
    /// What was kept at the last cut.
    floor: Pages,
    /// What the machine reads now.
    view: Pages,
    record: Vec<Entry>,
    /// The cut comes when the record has this length.
    limit: usize,
    /// Whether a flush does what it says.
    honest: bool,
    /// Whether every write and flush fails.
    failing: bool,
}

impl Medium {
    /// A disk that starts as `file`.
    pub fn over(file: &Path) -> Result<Self> {
        let below = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
        let size = below.metadata()?.len();
        let inner = Inner {
            below,
            size,
            floor: Pages::default(),
            view: Pages::default(),
            record: Vec::new(),
            limit: usize::MAX,
            honest: true,
            failing: false,
        };
        Ok(Self { inner: Arc::new((Mutex::new(inner), Condvar::new())) })
    }

    /// From now on a flush is answered and does nothing, as with an `fsync` that is void.
    pub fn ignore_flushes(&self) {
        self.lock().honest = false;
    }

    /// Whether from now on every write and flush is answered with an error, as by a disk whose head has gone; reading goes on.
    pub fn fail_writes(&self, failing: bool) {
        self.lock().failing = failing;
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.lock().size
    }

    /// Length of the record: this moment, for [`Medium::record`].
    pub fn position(&self) -> usize {
        self.lock().record.len()
    }

    /// What was done since the start or the last cut.
    pub fn record(&self) -> Vec<Entry> {
        self.lock().record.clone()
    }

    /// What the last cut left.
    pub fn floor(&self) -> Pages {
        self.lock().floor.clone()
    }

    /// The power goes when the record has this length: nothing is answered any more.
    pub fn cut_at(&self, position: usize) {
        self.lock().limit = position;
    }

    /// Waits until the power has gone.
    pub fn wait_for_cut(&self, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        let mut inner = self.lock();
        while inner.record.len() < inner.limit {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the power was to go at write {}, and there are {}", inner.limit, inner.record.len());
            }
            inner = self.inner.1.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// The machine has gone: what was not flushed meets its fate, and a new record starts.
    pub fn power_on_again(&self, fate: Fate) -> Result<()> {
        let mut inner = self.lock();
        let mut floor = inner.floor.clone();
        for (offset, bytes) in survivors(&inner.record, fate) {
            floor.put(offset, &bytes, |number| inner.original(number))?;
        }
        inner.view = floor.clone();
        inner.floor = floor;
        inner.record.clear();
        inner.limit = usize::MAX;
        Ok(())
    }

    /// Reads what the machine sees.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let inner = self.lock();
        inner.inside(offset, bytes.len() as u64)?;
        inner.below.read_exact_at(bytes, offset)?;
        let end = offset + bytes.len() as u64;
        for number in offset / PAGE as u64..end.div_ceil(PAGE as u64) {
            if let Some(page) = inner.view.get(number) {
                let first = number * PAGE as u64;
                let (from, to) = (offset.max(first), end.min(first + PAGE as u64));
                bytes[(from - offset) as usize..(to - offset) as usize]
                    .copy_from_slice(&page[(from - first) as usize..(to - first) as usize]);
            }
        }
        Ok(())
    }

    /// Notes an entry and carries it out; `false` when the power has gone.
    pub fn act(&self, entry: Entry) -> io::Result<bool> {
        let mut inner = self.lock();
        if inner.record.len() >= inner.limit {
            return Ok(false);
        }
        if inner.failing {
            return Err(io::Error::other("the disk fails"));
        }
        let (offset, bytes) = match &entry {
            Entry::Write(offset, bytes) => (*offset, std::borrow::Cow::Borrowed(&bytes[..])),
            Entry::Zero(offset, count) => {
                inner.inside(*offset, *count)?;
                (*offset, std::borrow::Cow::Owned(vec![0; usize::try_from(*count).unwrap_or(usize::MAX)]))
            }
            Entry::Flush => (0, std::borrow::Cow::Borrowed(&[][..])),
        };
        inner.inside(offset, bytes.len() as u64)?;
        let mut view = std::mem::take(&mut inner.view);
        let put = view.put(offset, &bytes, |number| inner.original(number));
        inner.view = view;
        put?;
        if entry != Entry::Flush || inner.honest {
            inner.record.push(entry);
        }
        let on = inner.record.len() < inner.limit;
        drop(inner);
        if !on {
            self.inner.1.notify_all();
        }
        Ok(on)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn inside(&self, offset: u64, count: u64) -> io::Result<()> {
        match offset.checked_add(count) {
            Some(end) if end <= self.size => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "beyond the end of the disk")),
        }
    }

    /// A page of the file below; the last one may be short.
    fn original(&self, number: u64) -> io::Result<Page> {
        let mut page = [0; PAGE];
        let offset = number * PAGE as u64;
        let count = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(PAGE).min(PAGE);
        self.below.read_exact_at(&mut page[..count], offset)?;
        Ok(page)
    }
}

/// Writes that a cut at the end of `record` leaves, in their order.
pub fn survivors(record: &[Entry], fate: Fate) -> Vec<(u64, Box<[u8]>)> {
    let flushed = record.iter().rposition(|entry| *entry == Entry::Flush).map_or(0, |at| at + 1);
    let mut kept: Vec<(u64, Box<[u8]>)> = record[..flushed].iter().filter_map(whole).collect();
    kept.extend(volatile(&record[flushed..], fate));
    kept
}

/// Of writes none of which was flushed, those that a cut leaves.
pub fn volatile(entries: &[Entry], fate: Fate) -> Vec<(u64, Box<[u8]>)> {
    let seed = match fate {
        Fate::Lost => return Vec::new(),
        Fate::Kept => return entries.iter().filter_map(whole).collect(),
        Fate::Mixed(seed) => seed,
    };
    let mut dice = Dice(seed);
    let mut kept = Vec::new();
    for (offset, bytes) in entries.iter().filter_map(whole) {
        match dice.below(3) {
            0 => {}
            1 => kept.push((offset, bytes)),
            _ => kept.extend(torn(&bytes, &mut dice).into_iter().map(|range| {
                let piece: Box<[u8]> = bytes[range.clone()].into();
                (offset + range.start as u64, piece)
            })),
        }
    }
    kept
}

/// Some sectors of a write.
fn torn(bytes: &[u8], dice: &mut Dice) -> Vec<Range<usize>> {
    let starts = (0..bytes.len()).step_by(SECTOR);
    starts.filter(|_| dice.below(2) == 0).map(|start| start..bytes.len().min(start + SECTOR)).collect()
}

fn whole(entry: &Entry) -> Option<(u64, Box<[u8]>)> {
    match entry {
        Entry::Write(offset, bytes) => Some((*offset, bytes.clone())),
        Entry::Zero(offset, count) => Some((*offset, vec![0; usize::try_from(*count).unwrap_or(0)].into_boxed_slice())),
        Entry::Flush => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn disk() -> Medium {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[b'.'; 3 * PAGE]).unwrap();
        Medium::over(file.path()).unwrap()
    }

    fn write(offset: u64, text: &str) -> Entry {
        Entry::Write(offset, text.as_bytes().into())
    }

    fn seen(disk: &Medium, offset: u64, count: usize) -> String {
        let mut bytes = vec![0; count];
        disk.read(offset, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_machine_sees_what_it_wrote_across_pages() {
        let disk = disk();
        disk.act(write(PAGE as u64 - 2, "abcd")).unwrap();
        assert_eq!(seen(&disk, PAGE as u64 - 3, 6), ".abcd.");
        assert!(disk.act(write(3 * PAGE as u64 - 1, "ab")).is_err());
    }

    #[test]
    fn a_cut_keeps_what_was_flushed_and_may_lose_the_rest() {
        for (fate, expected) in [(Fate::Lost, "a..."), (Fate::Kept, "abc.")] {
            let disk = disk();
            disk.act(write(0, "a")).unwrap();
            disk.act(Entry::Flush).unwrap();
            disk.act(write(1, "b")).unwrap();
            disk.act(write(2, "c")).unwrap();
            disk.power_on_again(fate).unwrap();
            assert_eq!(seen(&disk, 0, 4), expected);
            assert_eq!(disk.position(), 0);
        }
    }

    #[test]
    fn a_void_flush_keeps_nothing() {
        let disk = disk();
        disk.ignore_flushes();
        disk.act(write(0, "a")).unwrap();
        disk.act(Entry::Flush).unwrap();
        disk.power_on_again(Fate::Lost).unwrap();
        assert_eq!(seen(&disk, 0, 1), ".");
    }

    #[test]
    fn a_failing_disk_takes_nothing_and_is_read_as_before() {
        let disk = disk();
        disk.act(write(0, "a")).unwrap();
        disk.fail_writes(true);
        assert!(disk.act(write(1, "b")).is_err() && disk.act(Entry::Flush).is_err());
        assert_eq!((seen(&disk, 0, 2).as_str(), disk.position()), ("a.", 1));
        disk.fail_writes(false);
        disk.act(write(1, "b")).unwrap();
    }

    #[test]
    fn a_mixed_fate_tears_at_sectors_and_differs_by_its_number() {
        let record = vec![Entry::Write(0, vec![1; 8 * SECTOR].into()); 4];
        let outcomes: Vec<_> = (0..32).map(|seed| survivors(&record, Fate::Mixed(seed))).collect();
        assert!(outcomes.iter().flatten().all(|(at, piece)| at % 512 == 0 && piece.len() % SECTOR == 0));
        assert!(outcomes.iter().any(|kept| kept.iter().any(|(_, piece)| piece.len() == SECTOR)));
        assert!(outcomes.iter().any(|kept| *kept != outcomes[0]));
        assert_eq!(survivors(&record, Fate::Mixed(7)), outcomes[7]);
    }

    #[test]
    fn after_the_cut_nothing_is_done() {
        let disk = disk();
        disk.cut_at(1);
        assert!(!disk.act(write(0, "a")).unwrap());
        assert!(!disk.act(write(0, "b")).unwrap());
        disk.wait_for_cut(Duration::ZERO).unwrap();
        assert_eq!(disk.record(), [write(0, "a")]);
    }
}
