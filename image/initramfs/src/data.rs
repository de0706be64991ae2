//! `/data`: mounted, repaired if need be, and replaced by memory if it cannot be saved.
//!
//! Invariant: the boot always reaches a login; a repair stands in `/run/rostrum/data-repaired`, and
//! why `/data` is lost at the next start in `/run/rostrum/data-fault`, both one line for mmpd to show. A medium that can
//! be read and not written gives its settings, keys and accounts to the copy in memory: an appliance whose disk fails
//! does not fall back to the factory password.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, PermissionsExt};
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

/// Where a medium that cannot be written is read.
const SALVAGED: &str = "/salvaged";
/// What is taken over from it: all that makes the appliance what it is, but neither logs nor queues.
const TAKEN_OVER: [&str; 6] = ["settings", "state", "ssh", "files", "home", "machine-id"];
/// A larger file is an upload that can be made again.
const LARGEST_TAKEN: u64 = 4 << 20;

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
    let data = data.map_or_else(|reason| in_memory(reason, device), Data::Disk);
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

fn in_memory(reason: String, device: Option<&Path>) -> Data {
    fault::warn(&format!("/data is kept in memory: {reason}"));
    let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    if let Err(error) = mount_fs(Some("tmpfs"), "/data", Some("tmpfs"), flags, Some("mode=0755,size=25%")) {
        fault::warn(&format!("/data: {error}"));
    }
    Data::Memory(match device.map(salvage) {
        Some(Ok(())) => {
            format!("{reason}; settings, keys and accounts were read from it, perhaps without the newest changes")
        }
        Some(Err(error)) => format!("{reason}; nothing was read from it ({error})"),
        None => reason,
    })
}

/// Takes over what a medium that cannot be written can still be read for.
fn salvage(device: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(SALVAGED).map_err(told)?;
    // Its journal cannot be replayed, as that would write: the newest changes may stand there alone.
    let flags = MsFlags::MS_RDONLY | MsFlags::MS_NODEV | MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    let mounted = ["norecovery", "noload"]
        .into_iter()
        .find(|option| mount_fs(Some(device), SALVAGED, Some("ext4"), flags, Some(*option)).is_ok());
    mounted.ok_or("it cannot be mounted for reading either")?;
    let mut outcome = Ok(());
    for name in TAKEN_OVER {
        if let Err(error) = copy(&Path::new(SALVAGED).join(name), &Path::new("/data").join(name)) {
            outcome = Err(format!("{name}: {error}"));
        }
    }
    let _ = umount(SALVAGED);
    outcome
}

/// Copies a file or a folder with modes and owners. What is not there is not copied, what is too large for memory neither.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let metadata = match from.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if metadata.is_dir() {
        if !to.is_dir() {
            std::fs::create_dir(to)?;
        }
        for entry in std::fs::read_dir(from)?.flatten() {
            // One file that cannot be read must not take the others with it.
            if let Err(error) = copy(&entry.path(), &to.join(entry.file_name())) {
                fault::warn(&format!("{}: {error}", entry.path().display()));
            }
        }
    } else if metadata.is_file() && metadata.len() <= LARGEST_TAKEN {
        std::fs::copy(from, to)?;
    } else {
        return Ok(());
    }
    // Not for a test by an ordinary user, who has no other's files.
    let (user, group) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
    if (user, group) != (Uid::effective(), Gid::effective()) {
        nix::unistd::chown(to, Some(user), Some(group))?;
    }
    std::fs::set_permissions(to, metadata.permissions())
}

fn folder(path: &Path, mode: u32, user: u32, group: u32) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().mode(mode).create(path)?;
    nix::unistd::chown(path, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_over_with_its_modes_and_without_what_is_too_large() {
        let base = std::env::temp_dir().join(format!("rostrum-init-{}", std::process::id()));
        let (from, to) = (base.join("from"), base.join("to"));
        std::fs::create_dir_all(from.join("settings")).unwrap();
        std::fs::create_dir_all(&to).unwrap();
        std::fs::write(from.join("settings/one"), "kept").unwrap();
        std::fs::set_permissions(from.join("settings/one"), std::fs::Permissions::from_mode(0o600)).unwrap();
        File::create(from.join("settings/large")).unwrap().set_len(LARGEST_TAKEN + 1).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", from.join("settings/link")).unwrap();
        copy(&from.join("settings"), &to.join("settings")).unwrap();
        copy(&from.join("absent"), &to.join("absent")).unwrap();
        let names: Vec<_> = std::fs::read_dir(to.join("settings")).unwrap().flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, ["one"]);
        assert_eq!(to.join("settings/one").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_dir_all(base).unwrap();
    }
}
