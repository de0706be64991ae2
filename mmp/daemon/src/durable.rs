//! Writing a file so that it is either the old one or the new one, whatever happens to the power.
//!
//! Invariant: when [`replace`] returns, the content is on the medium under its name: temporary file, fsync, rename,
//! fsync of the directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A failed write, with its path.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`", path.display())]
pub struct WriteError {
    path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// Replaces the file durably.
pub fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: path.to_owned(), source };
    let temporary = write_beside(path, content, mode, true).map_err(fail)?;
    fs::rename(&temporary, path).map_err(fail)?;
    sync_parent(path).map_err(fail)
}

/// Removes the file durably; that it was not there is as good.
pub fn remove(path: &Path) -> Result<(), WriteError> {
    let gone = match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_parent(path),
    };
    gone.map_err(|source| WriteError { path: path.to_owned(), source })
}

/// Replaces the file at once for readers, on a tmpfs where nothing is durable.
pub fn replace_volatile(path: &Path, content: &[u8], mode: u32) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: path.to_owned(), source };
    let temporary = write_beside(path, content, mode, false).map_err(fail)?;
    fs::rename(&temporary, path).map_err(fail)
}

fn write_beside(path: &Path, content: &[u8], mode: u32, sync: bool) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // A leading dot keeps it out of folders that daemons read by pattern.
    name.push(".new");
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    let temporary = path.with_file_name(hidden);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
    let written = file.write_all(content).and_then(|()| if sync { file.sync_all() } else { Ok(()) });
    if let Err(error) = written {
        // On a full medium half a file would hold what the next one needs.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(temporary)
}

/// Makes a rename or removal in the file's directory durable.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(folder.path().join(".a.new"), "left by a crash").unwrap();
        replace(&path, b"one", 0o600).unwrap();
        replace(&path, b"two", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
