//! Ends the programs of an account: its shells, its SFTP sessions and sshd's own processes behind them, so that no
//! connection is left that could open the next session.
//!
//! Invariants: only processes whose real user is the account's number are touched, and no number below the accounts'
//! first is ever one; the conversation that asks, with the programs that carry it, is spared.

use std::{collections::BTreeMap, fs, io, path::Path, thread, time::Duration};

use mmp_model::account::FIRST_UID;
use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Times to look again: what was told to end may have had a child.
const ROUNDS: u32 = 50;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A process, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    user: u32,
    parent: i32,
}

/// Ends all processes of the account but `spare` and those above it. Returns when they are gone.
pub fn processes_of(user: u32, spare: Option<i32>) -> io::Result<()> {
    if user < FIRST_UID {
        return Err(io::Error::other(format!("user number {user} is not an account's")));
    }
    for _ in 0..ROUNDS {
        let doomed = chosen(&running(Path::new("/proc"))?, user, spare);
        if doomed.is_empty() {
            return Ok(());
        }
        for pid in doomed {
            match kill(Pid::from_raw(pid), Signal::SIGKILL) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        thread::sleep(PAUSE);
    }
    Err(io::Error::other("programs of the account do not end"))
}

/// The processes of a user without one and its ancestors.
fn chosen(running: &BTreeMap<i32, Process>, user: u32, spare: Option<i32>) -> Vec<i32> {
    let mut spared = Vec::new();
    let mut next = spare;
    while let Some(pid) = next.filter(|pid| !spared.contains(pid)) {
        spared.push(pid);
        next = running.get(&pid).map(|process| process.parent);
    }
    let doomed = running.iter().filter(|(pid, process)| process.user == user && !spared.contains(*pid));
    doomed.map(|(pid, _)| *pid).collect()
}

/// All processes that have not ended.
fn running(proc: &Path) -> io::Result<BTreeMap<i32, Process>> {
    let pids = fs::read_dir(proc)?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // One that has just ended has no status to read.
    let process = |pid: i32| Some((pid, read(&fs::read_to_string(proc.join(pid.to_string()).join("status")).ok()?)?));
    Ok(pids.filter_map(process).collect())
}

/// From proc_pid_status(5); `None` for one that has ended and waits for its parent only.
fn read(status: &str) -> Option<Process> {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
    if matches!(field("State:")?, "Z" | "X") {
        return None;
    }
    Some(Process { user: field("Uid:")?.parse().ok()?, parent: field("PPid:")?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_connection_is_spared_and_every_other_is_not() {
        let process = |user, parent| Process { user, parent };
        let running = BTreeMap::from([
            (1, process(0, 0)),
            (10, process(0, 1)),
            (11, process(10_000, 10)),
            (12, process(10_000, 11)),
            (13, process(10_000, 11)),
            (20, process(0, 1)),
            (21, process(10_000, 20)),
            (30, process(10_001, 1)),
        ]);
        assert_eq!(chosen(&running, 10_000, Some(12)), [13, 21]);
        assert_eq!(chosen(&running, 10_000, None), [11, 12, 13, 21]);
        assert_eq!(chosen(&running, 10_001, Some(12)), [30]);
    }

    #[test]
    fn a_status_is_read_as_the_kernel_writes_it() {
        let text =
            "Name:\tmmp\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t12\nPPid:\t11\nUid:\t10000\t10000\t10000\t10000\n";
        assert_eq!(read(text), Some(Process { user: 10_000, parent: 11 }));
        assert_eq!(read(&text.replace("S (sleeping)", "Z (zombie)")), None);
        assert_eq!(read("x"), None);
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(running(Path::new("/proc")).unwrap().contains_key(&own));
    }

    #[test]
    fn system_users_are_never_touched() {
        assert!(processes_of(0, None).is_err() && processes_of(9_999, None).is_err());
    }
}
