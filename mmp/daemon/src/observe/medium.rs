//! Whether `/data` takes what is written to it, told in a line that says what to type.
//!
//! Invariant: the answer is an attempt's and no guess: a file is written and made durable the way settings are, since a
//! file system that has met an error of its disk may still call itself writable.

use std::{io, path::Path};

use nix::{libc, sys::statvfs::statvfs};

use crate::durable;

/// Below this much left nobody can upload, and soon nothing can be changed.
const LOW: u64 = 40 << 20;
/// What is written.
const FILE: &str = ".writable";

/// What is wrong with `/data`, or nothing. `state` is a folder of it.
pub fn fault(state: &Path) -> Option<String> {
    if let Err(error) = durable::replace(&state.join(FILE), b"written\n", 0o600) {
        return Some(refusal(&error.source));
    }
    let space = statvfs(state).ok()?;
    let left = space.blocks_available() * space.fragment_size();
    (left < LOW)
        .then(|| format!("/data is nearly full ({} MiB left): `df` shows the use; remove files over SFTP", left >> 20))
}

/// Whether a write failed for want of space.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSPC | libc::EDQUOT))
}

/// What a failed write means, and what to do.
fn refusal(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => "/data is full: what is set is in force, but nothing can be changed; \
                                              `df` shows the use; remove files over SFTP"
            .into(),
        Some(libc::EROFS) => "/data cannot be written any more, after an error of its disk: what is set is in force, \
                              but nothing can be changed; `reboot` checks and repairs it"
            .into(),
        _ => format!(
            "/data cannot be written ({error}): what is set is in force, but nothing can be changed; save the files \
             over SFTP and replace the disk; `reboot` checks it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_takes_files_has_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        // The test machine's own disk may be nearly full, which is another line.
        let fault = fault(folder.path());
        assert!(fault.is_none_or(|text| text.contains("nearly full")));
    }

    #[test]
    fn what_does_not_take_files_says_why_and_what_to_type() {
        assert!(fault(Path::new("/nowhere")).unwrap().contains("`reboot`"));
        let told = |code| refusal(&io::Error::from_raw_os_error(code));
        assert!(told(libc::ENOSPC).starts_with("/data is full") && told(libc::ENOSPC).contains("`df`"));
        assert!(told(libc::EROFS).contains("error of its disk") && told(libc::EROFS).contains("`reboot`"));
        assert!(told(libc::EIO).contains("replace the disk"));
    }
}
