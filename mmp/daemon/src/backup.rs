//! Backups: what goes into one, the key that seals it, and putting one back in the place of everything that it holds.
//!
//! Invariants: a rollback is one rename: before it nothing is changed, after it the next start of mmpd carries it out,
//! again after every power cut, until it is done; the key is in no backup.

pub mod collect;
pub mod keyring;
pub mod staged;

use std::{fs, io, path::Path, time::UNIX_EPOCH};

use mmp_backup::Item;
use mmp_model::FileName;
use zeroize::Zeroizing;

/// SSH host keys.
pub const HOST_KEYS: &str = "/data/ssh/etc/ssh";

/// Plain files of a folder whose names are file names, sorted.
fn names(folder: &Path) -> io::Result<Vec<FileName>> {
    let mut names: Vec<FileName> = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries?
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok()?.parse().ok())
            .collect(),
    };
    names.sort();
    Ok(names)
}

/// A whole file.
fn item(folder: &Path, name: FileName) -> io::Result<Item> {
    let path = folder.join(name.as_str());
    let content = Zeroizing::new(fs::read(&path)?);
    let modified = fs::metadata(&path)?.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(Item { name, modified: i64::try_from(modified).unwrap_or(0), content })
}

/// Whether a file in the folder of host keys is one, and not what a program that makes one has beside it.
fn is_host_key(name: &FileName) -> bool {
    let key = name.as_str().strip_suffix(".pub").unwrap_or(name.as_str());
    key.starts_with("ssh_host_") && key.ends_with("_key")
}
