//! Whether a daemon serves after a change, and what it said when it does not.
//!
//! Invariants: a daemon is asked something that only a working one answers, with a deadline; what it said comes from the
//! journal, from the moment before the step on.

use std::{
    fs, thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use systemd::journal::{JournalSeek, OpenOptions};

use super::{ApplyError, process, unbound_control};
use crate::{
    journal,
    paths::Paths,
    plan::Daemon,
    webadmin::{Set, Status},
};

/// A daemon that starts or reads its files again answers within this time.
const START_TIME: Duration = Duration::from_secs(4);
/// Between two questions.
const AGAIN: Duration = Duration::from_millis(50);
/// Longest wait for the journal.
const JOURNAL_TIME: Duration = Duration::from_secs(1);
/// Lines of a daemon that an answer quotes.
const QUOTED: usize = 2;
/// Longest quoted line.
const LONGEST: usize = 160;
/// Lines that are looked through for the daemon's last words.
const LOOKED_AT: usize = 200;

/// Waits until the daemon answers.
pub fn serves(daemon: Daemon) -> Result<(), ApplyError> {
    let deadline = Instant::now() + START_TIME;
    loop {
        let asked = match daemon {
            Daemon::Unbound => unbound_control("status").map(drop),
            // Its unit is ready when it is; it answers nobody.
            Daemon::Syslog => process_number(daemon).map(drop).ok_or(ApplyError::NotRunning),
            Daemon::Webadmin => takes_set(),
            Daemon::Chrony => process::run("/usr/bin/chronyc", &["-n", "tracking"]).map(drop).map_err(Into::into),
        };
        match asked {
            // Its last word on this set.
            Err(ApplyError::NotTaken(_)) => return asked,
            Err(_) if Instant::now() < deadline => thread::sleep(AGAIN),
            other => return other,
        }
    }
}

/// What Web Admin says of the set that it was given.
fn takes_set() -> Result<(), ApplyError> {
    let paths = Paths::device();
    let wanted = Set::read(&paths).map(|set| set.service.generation);
    let status = Status::read(&paths).filter(|status| Some(status.generation) == wanted);
    match status {
        Some(Status { fault: Some(fault), .. }) => Err(ApplyError::NotTaken(fault)),
        Some(status) if !status.listening.is_empty() => Ok(()),
        _ => Err(ApplyError::NotRunning),
    }
}

/// The number of the daemon's first process; `None` while it does not run.
pub fn process_number(daemon: Daemon) -> Option<u32> {
    let listed = format!("/sys/fs/cgroup/system.slice/{}/cgroup.procs", daemon.unit());
    fs::read_to_string(listed).ok()?.lines().next()?.parse().ok()
}

/// Whether the system is on its way down. One that cannot be asked is taken to be.
pub fn is_system_stopping() -> bool {
    match process::run("/usr/bin/systemctl", &["is-system-running"]) {
        Ok(state) => state.trim() == "stopping",
        // Every state but `running` is a failure to the program, and its only word.
        Err(process::ProcessError::Failed { said, .. }) => said.trim() == "stopping",
        Err(_) => true,
    }
}

/// `unbound.service said: ...`, or that it said nothing.
pub fn last_words(daemon: Daemon, since: SystemTime) -> String {
    let unit = daemon.unit();
    let deadline = Instant::now() + JOURNAL_TIME;
    let mut said = lines(unit, since);
    // The journal takes lines a moment after they were said.
    while said.as_ref().is_ok_and(Vec::is_empty) && Instant::now() < deadline {
        thread::sleep(AGAIN);
        said = lines(unit, since);
    }
    match said {
        Ok(lines) if lines.is_empty() => format!("{unit} said nothing"),
        Ok(lines) => format!("{unit} said: {}", lines.join("; ")),
        Err(error) => {
            journal::info(&format!("the journal cannot be read: {error}"));
            format!("what {unit} said cannot be read")
        }
    }
}

/// The daemon's own last lines: those that complain, or any.
fn lines(unit: &str, since: SystemTime) -> systemd::Result<Vec<String>> {
    let mut journal = OpenOptions::default().system(true).local_only(true).open()?;
    journal.match_add("_SYSTEMD_UNIT", unit)?;
    journal.seek(JournalSeek::Tail)?;
    let since = since.duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let mut said = Vec::new();
    while said.len() < LOOKED_AT && journal.previous()? > 0 && journal.timestamp_usec()? >= since {
        let field = |journal: &mut systemd::Journal, name: &str| -> systemd::Result<String> {
            let data = journal.get_data(name)?;
            Ok(data.and_then(|data| Some(String::from_utf8_lossy(data.value()?).into_owned())).unwrap_or_default())
        };
        let text = field(&mut journal, "MESSAGE")?;
        if !text.is_empty() {
            said.push(journal::one_line(&text).chars().take(LONGEST).collect::<String>());
        }
    }
    let complains = |line: &&String| ["error", "fatal", "fail", "cannot", "Could not"].iter().any(|w| line.contains(w));
    let mut worst: Vec<String> = said.iter().filter(complains).take(QUOTED).cloned().collect();
    if worst.is_empty() {
        worst = said.into_iter().take(QUOTED).collect();
    }
    worst.reverse();
    Ok(worst)
}
