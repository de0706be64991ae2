//! `/data`: mounted, repaired if need be, and replaced by memory if it cannot be saved.
//!
//! Invariant: the boot always reaches a login; a repair stands in `/run/rostrum/data-repaired`, and
//! why `/data` is lost at the next start in `/run/rostrum/data-fault`, both one line for mmpd to show.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use nix::mount::{MsFlags, mount as mount_fs, umount};
use nix::unistd::{Gid, Uid};

use crate::fault::{self, Fault};
use crate::{pseudo, reset};

/// Offset of `s_magic` and `s_state` in an ext4 file system.
const MAGIC_AT: u64 = 1024 + 0x38;
const MAGIC: u16 = 0xef53;
/// `s_state`: the kernel found errors.
const HAS_ERRORS: u16 = 0x0002;
/// e2fsck's exit status has this bit when errors are left.
const LEFT_UNCORRECTED: i32 = 4;

/// Folders that everything else relies on: path, mode, user, group.
const FOLDERS: [(&str, u32, u32, u32); 17] = [
    ("/data/settings", 0o700, 0, 0),
    ("/data/files", 0o700, 0, 0),
    ("/data/home", 0o755, 0, 0),
    ("/data/log", 0o755, 0, 0),
    ("/data/log/journal", 0o2755, 0, 999),
    ("/data/audit", 0o2750, 0, 103),
    ("/data/ssh", 0o700, 0, 0),
    ("/data/ssh/etc", 0o700, 0, 0),
    ("/data/ssh/etc/ssh", 0o700, 0, 0),
    ("/data/state", 0o755, 0, 0),
    ("/data/app", 0o755, 0, 0),
    ("/data/lib", 0o755, 0, 0),
    ("/data/lib/systemd", 0o755, 0, 0),
    ("/data/lib/private", 0o700, 0, 0),
    ("/data/lib/unbound", 0o755, 101, 101),
    ("/data/lib/chrony", 0o750, 102, 102),
    ("/data/lib/syslog", 0o700, 103, 103),
];

/// What became of `/data`.
#[derive(Debug)]
pub enum Data {
    /// Mounted from the disk; the text tells of a repair.
    Disk(Option<String>),
    /// Kept in memory until the next start, and why.
    Memory(String),
}

impl Data {
    /// Whether what is written now will be there at the next start.
    pub fn is_persistent(&self) -> bool {
        matches!(self, Self::Disk(_))
    }

    /// Leaves the reason where mmpd looks for it.
    pub fn publish(&self) -> Result<(), Fault> {
        match self {
            Self::Disk(None) => Ok(()),
            Self::Disk(Some(text)) => pseudo::write("/run/rostrum/data-repaired", &format!("{text}\n")),
            Self::Memory(text) => pseudo::write("/run/rostrum/data-fault", &format!("{text}\n")),
        }
    }
}

/// Mounts the partition at `/data` of this program, from where it moves below the root.
pub fn mount(device: Option<&Path>, root: &str) -> Data {
    let _ = std::fs::create_dir_all("/data");
    let data =
        device.map_or_else(|| Err("the disk has no data partition".to_owned()), |device| from_disk(device, root));
    let data = data.map_or_else(in_memory, Data::Disk);
    if data.is_persistent() {
        reset::carry_out(Path::new("/data"));
    }
    for (path, mode, user, group) in FOLDERS {
        if let Err(error) = folder(Path::new(path), mode, user, group) {
            fault::warn(&format!("{path}: {error}"));
        }
    }
    data
}

fn from_disk(device: &Path, root: &str) -> Result<Option<String>, String> {
    let state = state(device);
    let mut repaired = None;
    if state.is_none_or(|state| state & HAS_ERRORS != 0) {
        repaired = Some(repair(device, root)?);
    }
    if let Err(first) = attach(device) {
        repaired = Some(repair(device, root)?);
        attach(device).map_err(|second| format!("{}: {first}; after a repair: {second}", device.display()))?;
    }
    Ok(repaired)
}

/// `s_state` of the superblock, or nothing when this is no ext4.
fn state(device: &Path) -> Option<u16> {
    let mut bytes = [0; 4];
    File::open(device).ok()?.read_exact_at(&mut bytes, MAGIC_AT).ok()?;
    let [m0, m1, s0, s1] = bytes;
    (u16::from_le_bytes([m0, m1]) == MAGIC).then(|| u16::from_le_bytes([s0, s1]))
}

fn attach(device: &Path) -> Result<(), String> {
    let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC | MsFlags::MS_NOATIME;
    mount_fs(Some(device), "/data", Some("ext4"), flags, Some("errors=remount-ro"))
        .map_err(|error| error.desc().to_owned())
}

/// Runs e2fsck of the verified root, with only the devices and /proc beside it.
fn repair(device: &Path, root: &str) -> Result<String, String> {
    for part in ["dev", "proc"] {
        let target = format!("{root}/{part}");
        let _ =
            mount_fs(Some(format!("/{part}").as_str()), target.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>);
    }
    fault::warn(&format!("checking {}", device.display()));
    let outcome = run_in(root, &["/usr/sbin/e2fsck", "-y", &device.to_string_lossy()]);
    for part in ["dev", "proc"] {
        let _ = umount(format!("{root}/{part}").as_str());
    }
    match outcome {
        Ok(code) if code & LEFT_UNCORRECTED == 0 && code < 8 => {
            Ok(format!("the file system on {} had errors and was repaired; some files may be lost", device.display()))
        }
        Ok(code) => Err(format!("{} cannot be repaired (e2fsck ended with {code})", device.display())),
        Err(error) => Err(format!("{} cannot be repaired: {error}", device.display())),
    }
}

/// Runs a program inside the root: the dynamic loader of the root starts it, with the root's libraries.
fn run_in(root: &str, command: &[&str]) -> std::io::Result<i32> {
    // A damaged file system makes thousands of lines: they are kept for a look, and not written to a slow serial line.
    let log = File::create("/run/fsck.log")?;
    let status = Command::new(format!("{root}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"))
        .arg("--library-path")
        .arg(format!("{root}/usr/lib/x86_64-linux-gnu"))
        .arg(format!("{root}{}", command[0]))
        .args(&command[1..])
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()?;
    Ok(status.code().unwrap_or(i32::MAX))
}

fn in_memory(reason: String) -> Data {
    fault::warn(&format!("/data is kept in memory: {reason}"));
    let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    if let Err(error) = mount_fs(Some("tmpfs"), "/data", Some("tmpfs"), flags, Some("mode=0755,size=25%")) {
        fault::warn(&format!("/data: {error}"));
    }
    Data::Memory(reason)
}

fn folder(path: &Path, mode: u32, user: u32, group: u32) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().mode(mode).create(path)?;
    nix::unistd::chown(path, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}
