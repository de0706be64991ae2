//! Carrying steps out: the only place that changes the system.
//!
//! Invariants: each step reports what the system does now or fails with a cause; nothing waits without a deadline.

pub mod clock;
pub mod health;
pub mod link;
pub mod network;
pub mod packets;
pub mod process;

use std::os::unix::fs::PermissionsExt;
use std::{
    fs, io,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use nix::{
    fcntl::{AT_FDCWD, RenameFlags, renameat2},
    unistd::{Gid, Group, chown},
};

use crate::{
    durable::{self, WriteError},
    paths::Paths,
    plan::{Daemon, Step},
    render::{self, File, Files},
};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// A file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file of another kind.
    #[error("cannot change `{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The network.
    #[error(transparent)]
    Network(#[from] network::NetworkError),
    /// A program.
    #[error(transparent)]
    Process(#[from] process::ProcessError),
    /// The link mode.
    #[error("the driver of interface {letter} does not take this mode")]
    LinkMode {
        /// Which.
        letter: mmp_model::Letter,
        /// Cause.
        source: io::Error,
    },
    /// A daemon that does not serve with the new settings.
    #[error("{unit} does not serve with it ({said})")]
    Service {
        /// Its unit.
        unit: &'static str,
        /// Its last words.
        said: String,
        /// What failed.
        #[source]
        cause: Box<ApplyError>,
    },
    /// A daemon has ended.
    #[error("it does not run")]
    NotRunning,
    /// A service that says why it does not take what it is to run by.
    #[error("{0}")]
    NotTaken(String),
    /// The resolver.
    #[error("the resolver does not take the change: {0}")]
    Resolver(String),
}

/// Left when rules for packets are loaded; gone with the boot, as they are.
const RULES_MARK: &str = "/run/mmpd/rules-loaded";
/// Longest wait for a daemon's answer.
const DAEMON_DEADLINE: Duration = Duration::from_secs(3);
/// A daemon that has not started or stopped by then hangs.
const START_DEADLINE: Duration = Duration::from_secs(6);

/// Whether the appliance is booting or an administrator waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Daemons are only queued: they start after mmpd is ready, and those that ask the network once it is there.
    Boot,
    /// The answer waits for the effect.
    Change,
}

/// Applies steps to this system.
#[derive(Clone, Debug)]
pub struct System {
    /// Where things are.
    pub paths: Paths,
    /// False on a developer's machine: files are written, daemons are not touched.
    pub device: bool,
}

impl System {
    /// Carries out one step.
    pub fn apply(&self, step: &Step, moment: Moment) -> Result<(), ApplyError> {
        match step {
            Step::Write(path, file) => self.write(path, file),
            Step::Remove(path) => self.remove(path),
            Step::Folder(path, files) => self.folder(path, files),
            _ if !self.device => Ok(()),
            Step::ReloadNetwork(expected) => Ok(network::reload(expected)?),
            Step::LookAtInterfaces => Ok(network::look_anew()?),
            Step::LinkMode(letter, mode) => {
                link::set_mode(*letter, *mode).map_err(|source| ApplyError::LinkMode { letter: *letter, source })
            }
            Step::RestartSshd => restart_sshd(),
            Step::Nftables(script) => {
                // First the mark: that rules may be there is known whatever happens on the way.
                durable::replace_volatile(&self.paths.system(RULES_MARK), b"", 0o600)?;
                Ok(process::feed("/usr/sbin/nft", &["-f", "-"], script)?)
            }
            Step::Stop(daemon) => systemctl("stop", *daemon, moment),
            Step::Start(daemon) | Step::Restart(daemon) | Step::Reload(daemon) if moment == Moment::Boot => {
                // Asked before the addresses stand, the resolver would answer that nothing resolves: it is started later.
                // An mmpd that was started anew may find it running, with the files of before.
                let runs = health::process_number(*daemon).is_some();
                if runs { systemctl("restart", *daemon, moment) } else { Ok(()) }
            }
            Step::Start(daemon) | Step::Restart(daemon) | Step::Reload(daemon) => {
                let since = SystemTime::now();
                serve_anew(step, *daemon).map_err(|cause| ApplyError::Service {
                    unit: daemon.unit(),
                    said: health::last_words(*daemon, since),
                    cause: Box::new(cause),
                })
            }
        }
    }

    /// Has the machine restarted (`reboot`) or switched off (`poweroff`), soon.
    pub fn power(&self, verb: &str) -> Result<(), process::ProcessError> {
        if !self.device {
            return Ok(());
        }
        process::run("/usr/bin/systemctl", &["--no-block", verb]).map(drop)
    }

    /// Whether rules for packets were loaded since the boot.
    pub fn has_rules(&self) -> bool {
        self.device && self.paths.system(RULES_MARK).exists()
    }

    /// Waits until a daemon that is configured runs.
    pub fn await_running(&self, daemon: Daemon) -> Result<(), ApplyError> {
        if self.device { systemctl("start", daemon, Moment::Change) } else { Ok(()) }
    }

    /// Has a daemon that the boot held back started. One whose configuration is gone meanwhile stays off by its unit's
    /// own condition.
    pub fn start_late(&self, daemon: Daemon) -> Result<(), ApplyError> {
        systemctl("start", daemon, Moment::Boot)
    }

    /// Away with what an earlier life of mmpd may have left on tmpfs and no setting asks for.
    pub fn clear(&self, path: &str) -> Result<(), ApplyError> {
        let path = self.paths.system(path);
        let gone = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match gone {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ApplyError::File { path, source }),
            _ => Ok(()),
        }
    }

    fn write(&self, path: &Path, file: &File) -> Result<(), ApplyError> {
        let path = self.paths.system(&path.to_string_lossy());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| ApplyError::File { path: folder.to_owned(), source })?;
        }
        durable::replace_volatile(&path, file.content.as_bytes(), file.mode)?;
        self.give_to(&path, file.group.filter(|_| self.device))
    }

    fn give_to(&self, path: &Path, group: Option<&str>) -> Result<(), ApplyError> {
        let Some(group) = group else { return Ok(()) };
        let fail = |source| ApplyError::File { path: path.to_owned(), source };
        let gid: Option<Gid> = Group::from_name(group).map_err(|e| fail(e.into()))?.map(|group| group.gid);
        chown(path, None, gid).map_err(|e| fail(e.into()))
    }

    /// Makes the folder beside and exchanges the two, so that who opens it sees the old files or the new ones.
    fn folder(&self, path: &Path, files: &Files) -> Result<(), ApplyError> {
        let path = self.paths.system(&path.to_string_lossy());
        let fail = |source| ApplyError::File { path: path.clone(), source };
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let clear = |path: &Path| match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        clear(&beside).map_err(fail)?;
        if files.is_empty() {
            return clear(&path).map_err(fail);
        }
        fs::create_dir_all(&beside).map_err(fail)?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o750)).map_err(fail)?;
        let group = files.values().find_map(|file| file.group).filter(|_| self.device);
        self.give_to(&beside, group)?;
        for (name, file) in files {
            let target = beside.join(name.file_name().unwrap_or_default());
            durable::replace_volatile(&target, file.content.as_bytes(), file.mode)?;
            self.give_to(&target, file.group.filter(|_| self.device))?;
        }
        if path.exists() {
            renameat2(AT_FDCWD, &beside, AT_FDCWD, &path, RenameFlags::RENAME_EXCHANGE)
                .map_err(|error| fail(error.into()))?;
            return clear(&beside).map_err(fail);
        }
        fs::rename(&beside, &path).map_err(fail)
    }

    fn remove(&self, path: &Path) -> Result<(), ApplyError> {
        let path = self.paths.system(&path.to_string_lossy());
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ApplyError::File { path, source }),
            _ => Ok(()),
        }
    }
}

/// Starts, restarts or reloads, and waits until the daemon serves.
fn serve_anew(step: &Step, daemon: Daemon) -> Result<(), ApplyError> {
    match step {
        Step::Start(_) => systemctl("start", daemon, Moment::Change)?,
        Step::Reload(_) if reload(daemon).is_ok() => {}
        // What does not reload may be on its way up, or have died: a new start reads the new files too.
        _ => systemctl("restart", daemon, Moment::Change)?,
    }
    health::serves(daemon)
}

fn reload(daemon: Daemon) -> Result<(), ApplyError> {
    match daemon {
        Daemon::Unbound => unbound_control("reload_keep_cache").map(|_| ()),
        Daemon::Chrony => Ok(process::run("/usr/bin/chronyc", &["reload", "sources"]).map(|_| ())?),
        Daemon::Syslog => systemctl("restart", daemon, Moment::Change),
        Daemon::Webadmin => systemctl("reload", daemon, Moment::Change),
    }
}

/// Files that sshd does not take are not put in force: it would not come up with them again.
fn restart_sshd() -> Result<(), ApplyError> {
    process::run("/usr/sbin/sshd", &["-t"])?;
    Ok(process::run("/usr/bin/systemctl", &["restart", "sshd.service"]).map(|_| ())?)
}

fn systemctl(verb: &str, daemon: Daemon, moment: Moment) -> Result<(), ApplyError> {
    // At boot the daemon's turn comes after mmpd is ready; waiting for it here would wait for ourselves.
    let queue: &[&str] = if moment == Moment::Boot { &["--no-block"] } else { &[] };
    let arguments = [&[verb], queue, &[daemon.unit()]].concat();
    Ok(process::run_within("/usr/bin/systemctl", &arguments, START_DEADLINE).map(|_| ())?)
}

/// One command to unbound's control socket (`unbound-control(8)`, protocol version 1); its answer.
pub fn unbound_control(command: &str) -> Result<String, ApplyError> {
    let talk = || -> io::Result<String> {
        let mut stream = UnixStream::connect(render::unbound::CONTROL)?;
        stream.set_read_timeout(Some(DAEMON_DEADLINE))?;
        stream.set_write_timeout(Some(DAEMON_DEADLINE))?;
        stream.write_all(format!("UBCT1 {command}\n").as_bytes())?;
        let mut answer = String::new();
        stream.take(1 << 20).read_to_string(&mut answer)?;
        Ok(answer)
    };
    match talk() {
        Ok(answer) if !answer.starts_with("error") => Ok(answer),
        Ok(answer) => Err(ApplyError::Resolver(answer.trim().to_owned())),
        Err(error) => Err(ApplyError::Resolver(error.to_string())),
    }
}
