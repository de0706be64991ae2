//! Kernel file systems, the verified root's mount, and reading small kernel files.

use std::path::Path;

use nix::mount::{MsFlags, mount};

use crate::fault::Fault;

/// Mounts what the kernel offers; systemd finds these in place and keeps them.
pub fn mount_all() -> Result<(), Fault> {
    let strict = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC | MsFlags::MS_NODEV;
    one("proc", "/proc", "proc", strict, "")?;
    one("sysfs", "/sys", "sysfs", strict, "")?;
    one("devtmpfs", "/dev", "devtmpfs", MsFlags::MS_NOSUID, "mode=0755")?;
    one("tmpfs", "/run", "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "mode=0755,size=20%")
}

/// Mounts the opened root read-only.
pub fn mount_root(device: &Path, target: &str, filesystem: &str) -> Result<(), Fault> {
    create(target)?;
    mount(Some(device), target, Some(filesystem), MsFlags::MS_RDONLY, None::<&str>)
        .map_err(|source| Fault::Mount { target: target.into(), source })
}

/// Gives the root its only writable folder beside `/run` and `/data`.
pub fn mount_temporary(root: &str) -> Result<(), Fault> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let target = format!("{root}/tmp");
    mount(Some("tmpfs"), target.as_str(), Some("tmpfs"), flags, Some("mode=1777,size=10%"))
        .map_err(|source| Fault::Mount { target, source })
}

/// Reads a small text file.
pub fn read(path: impl AsRef<Path>) -> Result<String, Fault> {
    std::fs::read_to_string(path.as_ref()).map_err(|source| Fault::Read { path: path.as_ref().into(), source })
}

/// Writes a small file, with its folders.
pub fn write(path: impl AsRef<Path>, text: &str) -> Result<(), Fault> {
    let path = path.as_ref();
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, text)).map_err(|source| Fault::Write { path: path.into(), source })
}

/// Replaces a small file, so that a reader sees the old or the new one.
pub fn replace(path: impl AsRef<Path>, text: &str) -> Result<(), Fault> {
    let path = path.as_ref();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    write(&beside, text)?;
    std::fs::rename(&beside, path).map_err(|source| Fault::Write { path: path.into(), source })
}

fn one(source: &str, target: &str, kind: &str, flags: MsFlags, options: &str) -> Result<(), Fault> {
    create(target)?;
    mount(Some(source), target, Some(kind), flags, Some(options))
        .map_err(|source| Fault::Mount { target: target.into(), source })
}

fn create(target: &str) -> Result<(), Fault> {
    std::fs::create_dir_all(target).map_err(|source| Fault::Write { path: target.into(), source })
}
