//! Becoming systemd: the verified root takes the place of this program's memory.
//!
//! Invariant: this program's own files are deleted first (they would hold memory for ever), and only on its own file system.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, chroot, execv};

use crate::fault::Fault;
use crate::pseudo;

/// The mounts that move below the root.
const MOVED: [&str; 5] = ["/proc", "/sys", "/dev", "/run", "/data"];

/// Changes the root and executes systemd.
pub fn to_systemd(root: &str) -> Result<Infallible, Fault> {
    // journald writes to /data from its first line when it finds this mark: /data is mounted already.
    pseudo::write("/run/systemd/journal/flushed", "")?;
    for from in MOVED {
        relocate(from, &format!("{root}{from}"))?;
    }
    chdir(root).map_err(Fault::Handover)?;
    delete_own_files(Path::new("/"));
    relocate(".", "/")?;
    chroot(".").map_err(Fault::Handover)?;
    chdir("/").map_err(Fault::Handover)?;
    let program = CString::from(c"/usr/lib/systemd/systemd");
    execv(&program, &[c"systemd"]).map_err(Fault::Handover)
}

fn relocate(from: &str, to: &str) -> Result<(), Fault> {
    mount(Some(from), to, None::<&str>, MsFlags::MS_MOVE, None::<&str>)
        .map_err(|source| Fault::Mount { target: to.into(), source })
}

fn delete_own_files(folder: &Path) {
    let Ok(own) = folder.metadata().map(|metadata| metadata.dev()) else { return };
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match path.symlink_metadata() {
            Ok(metadata) if metadata.dev() != own => {}
            Ok(metadata) if metadata.is_dir() => {
                delete_own_files(&path);
                let _ = std::fs::remove_dir(&path);
            }
            _ => {
                let _ = std::fs::remove_file(&path);
            }
        }
    }
}
