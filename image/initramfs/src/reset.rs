//! Erasing what `factory_reset` decided, before anything else reads `/data`.
//!
//! Invariants: the request goes last, when all is erased and on the medium, so that a power cut only begins it anew; links
//! are not followed; a disk that cannot discard has the files overwritten.
#![allow(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use nix::libc;

use crate::fault;

/// mmpd leaves `app` or `full` here.
const REQUEST: &str = "factory-reset";
/// The application's configuration.
const APPLICATION: &str = "app";
/// e2fsck's own.
const FOUND: &str = "lost+found";
/// Zeros are written in pieces of this size.
const PIECE: usize = 1 << 20;

/// Carries out a request below `data`, if there is one. What cannot be erased is said, and tried again at the next start.
pub fn carry_out(data: &Path) {
    carry_out_with(data, discard);
}

/// The disk forgets its free blocks, or says that it cannot.
type Discard = fn(&Path) -> io::Result<()>;

fn carry_out_with(data: &Path, discard: Discard) {
    let request = match fs::read_to_string(data.join(REQUEST)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return fault::warn(&format!("{REQUEST}: {error}")),
    };
    let done = match request.trim() {
        "full" => erase(data, data, discard, &|name| name != REQUEST && name != FOUND),
        "app" => erase(data, &data.join(APPLICATION), discard, &|_| true),
        _ => Err(io::Error::other("it asks for nothing that is known")),
    };
    match done.and_then(|()| fs::remove_file(data.join(REQUEST))).and_then(|()| sync(data)) {
        Ok(()) => fault::warn(&format!("factory_reset {} is carried out", request.trim())),
        Err(error) => fault::warn(&format!("factory_reset is not carried out: {error}")),
    }
}

/// Erases what is in a folder, as far as it is wanted, so that it is gone from the medium on return.
fn erase(data: &Path, folder: &Path, discard: Discard, wanted: &dyn Fn(&str) -> bool) -> io::Result<()> {
    let discards = discard(data).is_ok();
    empty(folder, wanted, !discards)?;
    sync(data)?;
    if discards { discard(data) } else { Ok(()) }
}

fn empty(folder: &Path, wanted: &dyn Fn(&str) -> bool, overwrite: bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if !entry.file_name().to_str().is_none_or(wanted) {
            continue;
        }
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            empty(&path, &|_| true, overwrite)?;
            fs::remove_dir(&path)?;
        } else {
            if overwrite && kind.is_file() {
                // The better part of erasing is that the name goes: a block that cannot be written keeps nothing else up.
                if let Err(error) = zero(&path) {
                    fault::warn(&format!("{}: {error}", path.display()));
                }
            }
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Overwrites a file in place, and waits for the medium.
fn zero(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let mut left = file.metadata()?.len();
    let zeros = vec![0; PIECE];
    while left > 0 {
        let piece = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        file.write_all(&zeros[..piece])?;
        left -= piece as u64;
    }
    file.sync_data()
}

fn sync(data: &Path) -> io::Result<()> {
    let folder = File::open(data)?;
    // SAFETY: the descriptor is open for the call; syncfs(2) takes nothing else.
    if unsafe { libc::syncfs(folder.as_raw_fd()) } < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `struct fstrim_range` of `linux/fs.h`.
#[repr(C)]
struct Range {
    start: u64,
    length: u64,
    shortest: u64,
}

/// `FITRIM`, `_IOWR('X', 121, struct fstrim_range)`.
const FITRIM: libc::c_ulong = 0xc018_5879;

/// Has the disk forget every block that is free.
fn discard(data: &Path) -> io::Result<()> {
    let folder = File::open(data)?;
    let mut range = Range { start: 0, length: u64::MAX, shortest: 0 };
    // SAFETY: the descriptor is open for the call, and the kernel reads and writes one `fstrim_range`.
    let result = unsafe { libc::ioctl(folder.as_raw_fd(), FITRIM, &raw mut range) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data() -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        for file in ["settings/generation-1", "files/cms.lic", "app/spaces", "state/nics.json", "machine-id", FOUND] {
            let path = data.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if file == FOUND { fs::create_dir(path).unwrap() } else { fs::write(path, "text").unwrap() }
        }
        data
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn ask(data: &Path, what: &str) {
        fs::write(data.join(REQUEST), what).unwrap();
    }

    #[test]
    fn without_a_request_nothing_is_touched() {
        let data = data();
        carry_out_with(data.path(), |_| Err(io::ErrorKind::Unsupported.into()));
        assert_eq!(names(data.path()), ["app", "files", FOUND, "machine-id", "settings", "state"]);
    }

    #[test]
    fn full_leaves_nothing_and_what_a_link_leads_to_stays() {
        let (data, elsewhere) = (data(), data());
        std::os::unix::fs::symlink(elsewhere.path(), data.path().join("files/link")).unwrap();
        ask(data.path(), "full\n");
        carry_out_with(data.path(), |_| Err(io::ErrorKind::Unsupported.into()));
        assert_eq!(names(data.path()), [FOUND]);
        assert_eq!(names(elsewhere.path()).len(), 6);
    }

    #[test]
    fn app_leaves_everything_but_the_application() {
        let data = data();
        ask(data.path(), "app\n");
        carry_out_with(data.path(), |_| Err(io::ErrorKind::Unsupported.into()));
        assert_eq!(names(data.path()), ["app", "files", FOUND, "machine-id", "settings", "state"]);
        assert!(names(&data.path().join("app")).is_empty());
    }

    #[test]
    fn a_cut_erasing_goes_on_at_the_next_start() {
        let data = data();
        ask(data.path(), "full\n");
        fs::remove_dir_all(data.path().join("settings")).unwrap();
        carry_out_with(data.path(), |_| Err(io::ErrorKind::Unsupported.into()));
        assert_eq!(names(data.path()), [FOUND]);
    }

    #[test]
    fn an_unknown_request_erases_nothing() {
        let data = data();
        ask(data.path(), "everything\n");
        carry_out_with(data.path(), |_| Err(io::ErrorKind::Unsupported.into()));
        assert_eq!(names(data.path()).len(), 7);
    }

    #[test]
    fn a_file_is_overwritten_to_its_end() {
        let data = data();
        let path = data.path().join("large");
        fs::write(&path, vec![7; PIECE + 3]).unwrap();
        zero(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), vec![0; PIECE + 3]);
    }
}
