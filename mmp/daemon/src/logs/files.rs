//! The logs as files of the SFTP folder: `log`, `log.1`, ... and `audit`, `audit.1`, ..., the higher the older
//! (`mmp.md` section 5).
//!
//! Invariants: nothing is kept twice: a file is laid out in memory when it is opened, and gone when it is closed; a disk
//! that is full does not keep anybody from the logs; no file is longer than [`LONGEST`], and the newest lines are in it.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Seek, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use jiff::tz::TimeZone;
use mmp_log::{Record, SystemLog, audit, system};
use mmp_model::{FileName, account::UnixTime};
use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::memfd::{MFdFlags, memfd_create},
};

use crate::appliance::Appliance;

/// Bytes of a file.
const LONGEST: u64 = 32 << 20;
/// Bytes that are gathered before they are written.
const GATHERED: usize = 64 << 10;

/// Exact sizes of files that were laid out once, with the size on disk and time that they had then.
static SIZES: Mutex<BTreeMap<PathBuf, (u64, i64, u64)>> = Mutex::new(BTreeMap::new());

/// What a name of the folder stands for.
enum Piece {
    System(PathBuf),
    Audit(PathBuf),
}

/// Names of all that is kept.
pub fn names(appliance: &Appliance) -> Vec<FileName> {
    let count = |base: &str, count: usize| -> Vec<FileName> {
        let numbered = (0..count).map(|n| if n == 0 { base.to_owned() } else { format!("{base}.{n}") });
        numbered.filter_map(|name| name.parse().ok()).collect()
    };
    let paths = &appliance.system.paths;
    let mut names = count("log", system::files(&paths.journal()).len());
    names.extend(count("audit", audit::segments(&paths.audit()).len()));
    names
}

/// Size and time of last change; the size is exact once the file was read, and an estimate before.
pub fn describe(appliance: &Appliance, name: &FileName) -> Option<io::Result<(u64, UnixTime)>> {
    let piece = find(appliance, name)?;
    let (Piece::System(path) | Piece::Audit(path)) = &piece;
    Some(fs::metadata(path).map(|metadata| {
        let sizes = SIZES.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sizes.get(path).filter(|(length, at, _)| (*length, *at) == stamp(&metadata));
        // A journal is about three times as long as its lines.
        let share = if matches!(piece, Piece::System(_)) { 3 } else { 1 };
        let size = known.map_or(metadata.blocks() * 512 / share, |(_, _, size)| *size);
        (size, metadata.mtime())
    }))
}

/// The file, to be read from its start.
pub fn produce(appliance: &Appliance, name: &FileName) -> Option<io::Result<fs::File>> {
    let piece = find(appliance, name)?;
    let zone = super::zone(appliance);
    Some(match &piece {
        Piece::System(path) => laid_out(path, &zone, || {
            let mut log = SystemLog::open_file(path)?;
            Ok(Box::new(move || log.next()))
        }),
        Piece::Audit(path) => laid_out(path, &zone, || {
            let mut lines = audit::lines(path)?;
            Ok(Box::new(move || lines.next().transpose()))
        }),
    })
}

fn find(appliance: &Appliance, name: &FileName) -> Option<Piece> {
    let (base, number) = name.as_str().split_once('.').unwrap_or((name.as_str(), "0"));
    let number: usize = number.parse().ok().filter(|_| number == "0" || !number.starts_with(['0', '+']))?;
    let paths = &appliance.system.paths;
    match base {
        "log" => system::files(&paths.journal()).into_iter().nth(number).map(Piece::System),
        "audit" => audit::segments(&paths.audit()).into_iter().rev().nth(number).map(|(_, path)| Piece::Audit(path)),
        _ => None,
    }
}

type Records = Box<dyn FnMut() -> io::Result<Option<Record>>>;

/// Lays the records out in memory. `open` is asked again where the first lines have to be left out.
fn laid_out(path: &Path, zone: &TimeZone, open: impl Fn() -> io::Result<Records>) -> io::Result<fs::File> {
    let before = fs::metadata(path)?;
    let mut file: fs::File = memfd_create("log", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?.into();
    let mut total = write(&mut open()?, zone, 0, &mut file)?;
    if total > LONGEST {
        file.set_len(0)?;
        file.rewind()?;
        total = write(&mut open()?, zone, total - LONGEST, &mut file)?;
    }
    let (length, at) = stamp(&before);
    SIZES.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), (length, at, total));
    file.rewind()?;
    let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

/// Writes the lines after the first `skip` bytes of them; past [`LONGEST`] they are only counted.
fn write(next: &mut Records, zone: &TimeZone, skip: u64, file: &mut fs::File) -> io::Result<u64> {
    let (mut skipped, mut written) = (0, 0);
    let mut gathered = String::with_capacity(GATHERED);
    while let Some(record) = next()? {
        let line = record.dated(zone);
        if skipped < skip {
            skipped += line.len() as u64 + 1;
            continue;
        }
        written += line.len() as u64 + 1;
        if written <= LONGEST {
            gathered.push_str(&line);
            gathered.push('\n');
            if gathered.len() >= GATHERED {
                file.write_all(gathered.as_bytes())?;
                gathered.clear();
            }
        }
    }
    file.write_all(gathered.as_bytes())?;
    Ok(written)
}

fn stamp(metadata: &fs::Metadata) -> (u64, i64) {
    (metadata.len(), metadata.mtime())
}

/// The last lines of a log as text, for the bundle.
pub fn newest(file: &fs::File, most: u64) -> io::Result<String> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(most);
    let mut bytes = vec![0; usize::try_from(length - start).unwrap_or(0)];
    file.read_exact_at(&mut bytes, start)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // Not in the middle of a line.
    Ok(if start == 0 { text } else { text.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default() })
}
