//! Where things are on the appliance, and, for a developer's machine, below one folder.
//!
//! Invariant: every path that mmpd writes is below [`Paths::data`], which is kept, or below `/run`, which is made anew
//! at each boot.

use std::path::{Path, PathBuf};

/// The system log, which journald writes.
pub const JOURNAL: &str = "/data/log/journal";
/// The audit log, which mmpd writes.
pub const AUDIT: &str = "/data/audit";

/// The root that every path starts from.
#[derive(Clone, Debug)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    /// The appliance's own.
    pub fn device() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// Everything below `root`, for a developer's machine.
    pub fn below(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Survives reboots.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// A path of the system, as other daemons know it.
    pub fn system(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Settings generations.
    pub fn settings(&self) -> PathBuf {
        self.data().join("settings")
    }

    /// The SFTP folder.
    pub fn files(&self) -> PathBuf {
        self.data().join("files")
    }

    /// What mmpd remembers that is not a setting.
    pub fn state(&self) -> PathBuf {
        self.data().join("state")
    }

    /// The system log.
    pub fn journal(&self) -> PathBuf {
        self.system(JOURNAL)
    }

    /// The audit log.
    pub fn audit(&self) -> PathBuf {
        self.system(AUDIT)
    }

    /// The control socket.
    pub fn socket(&self) -> PathBuf {
        self.system(mmp_control::SOCKET)
    }
}
