//! A lost password, replaced by somebody who stands at the machine (decision 0020).
//!
//! Invariants: two steps on one console with the power switched by hand between them, each within its time; a command
//! that restarts the appliance, and any administrator who can still log in, end it; what fails on the way leaves it
//! closed. Time is counted since boot, which no clock that is set moves.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mmp_control::{Kind, Refusal, chain};
use serde::{Deserialize, Serialize};

use crate::{durable, journal, trial};

/// From the request to the switching off.
const ARMED: u64 = 600;
/// From the boot after it to the new password.
const OPEN: u64 = 600;

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Nobody asked.
    Closed,
    /// Somebody asked; the power must be switched before this second of this boot.
    Armed { console: String, until: u64 },
    /// The power was switched; a password may be set before this second of this boot.
    Open { console: String, until: u64 },
}

/// What is kept over the switching off.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    boot: String,
    until: u64,
    console: String,
}

/// What the console is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Switch off and on within so many seconds; the first time that it is said in this boot.
    Armed {
        /// Left.
        seconds: u64,
        /// Nobody has been told yet.
        first: bool,
    },
    /// Set a password.
    Open,
}

/// The recovery of this appliance.
#[derive(Debug)]
pub struct Recovery {
    record: PathBuf,
    /// Names the console on which it is open, for the greeting there.
    shown: PathBuf,
    state: Mutex<(State, bool)>,
    changed: Condvar,
}

impl Recovery {
    /// At the start of mmpd. `record` is kept over boots, `shown` is not.
    pub fn start(record: PathBuf, shown: PathBuf) -> Self {
        Self::start_at(record, shown, &trial::boot(), trial::since_boot())
    }

    fn start_at(record: PathBuf, shown: PathBuf, boot: &str, now: u64) -> Self {
        let kept: Option<Record> = fs::read(&record).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let state = match kept {
            Some(kept) if kept.boot == boot && now < kept.until => {
                State::Armed { console: kept.console, until: kept.until }
            }
            // Only if it cannot be used a second time.
            Some(kept) if kept.boot != boot && forget(&record) => {
                State::Open { console: kept.console, until: now + OPEN }
            }
            Some(_) | None => {
                forget(&record);
                State::Closed
            }
        };
        let recovery = Self { record, shown, state: Mutex::new((State::Closed, false)), changed: Condvar::new() };
        recovery.enter(&mut recovery.lock(), state);
        recovery
    }

    /// The console on which a password may be set now.
    pub fn open_on(&self) -> Option<String> {
        match &self.lock().0 {
            State::Open { console, until } if trial::since_boot() < *until => Some(console.clone()),
            _ => None,
        }
    }

    /// Somebody asks at a console.
    pub fn begin(&self, console: &str) -> Result<Step, Refusal> {
        self.begin_at(console, &trial::boot(), trial::since_boot())
    }

    fn begin_at(&self, console: &str, boot: &str, now: u64) -> Result<Step, Refusal> {
        let mut held = self.lock();
        match &held.0 {
            State::Open { console: open, until } if open == console && now < *until => return Ok(Step::Open),
            State::Armed { console: armed, until } if armed == console && now < *until => {
                return Ok(Step::Armed { seconds: until - now, first: false });
            }
            _ => {}
        }
        let until = now + ARMED;
        let record = Record { boot: boot.to_owned(), until, console: console.to_owned() };
        let text = serde_json::to_vec(&record).expect("a record has text keys only");
        durable::replace(&self.record, &text, 0o600).map_err(|error| {
            journal::error(&format!("a recovery cannot begin: {}", chain(&error)));
            Refusal::new(Kind::Internal, format!("Recovery cannot begin: {}", chain(&error)))
        })?;
        let first = !held.1;
        held.1 = true;
        self.enter(&mut held, State::Armed { console: console.to_owned(), until });
        Ok(Step::Armed { seconds: ARMED, first })
    }

    /// Refuses unless a password may be set at this console now.
    pub fn check_open(&self, console: &str) -> Result<(), Refusal> {
        if self.open_on().as_deref() == Some(console) {
            return Ok(());
        }
        Err(Refusal::new(Kind::Denied, "Recovery is not open on this console").hint("begin again"))
    }

    /// Ends it; whether there was something to end.
    pub fn close(&self) -> bool {
        let mut held = self.lock();
        if held.0 == State::Closed {
            return false;
        }
        forget(&self.record);
        self.enter(&mut held, State::Closed);
        true
    }

    /// Ends it in time, for ever: a record that outlived its time would open at the next failure of the power.
    pub fn watch(&self) {
        let mut held = self.lock();
        loop {
            let left = match &held.0 {
                State::Closed => None,
                State::Armed { until, .. } | State::Open { until, .. } => {
                    Some(until.saturating_sub(trial::since_boot()))
                }
            };
            held = match left {
                None => self.changed.wait(held).unwrap_or_else(PoisonError::into_inner),
                Some(0) => {
                    forget(&self.record);
                    self.enter(&mut held, State::Closed);
                    journal::login("The recovery of a password was not gone on with in time and is over");
                    held
                }
                Some(seconds) => {
                    let woken = self.changed.wait_timeout(held, Duration::from_secs(seconds));
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn enter(&self, held: &mut (State, bool), state: State) {
        let shown = match &state {
            State::Open { console, .. } => durable::replace_volatile(&self.shown, console.as_bytes(), 0o600).is_ok(),
            State::Closed | State::Armed { .. } => remove(&self.shown).is_ok(),
        };
        if !shown {
            journal::warning("the console does not show whether a password can be recovered");
        }
        held.0 = state;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, (State, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Away with the record, durably; whether it is.
fn forget(record: &Path) -> bool {
    let gone = remove(record).and_then(|()| durable::sync_parent(record));
    if let Err(error) = &gone {
        journal::error(&format!("the record of a recovery stays: {error}"));
    }
    gone.is_ok()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        /// mmpd starts.
        fn start(&self, boot: &str, now: u64) -> Recovery {
            Recovery::start_at(self.0.path().join("record"), self.0.path().join("shown"), boot, now)
        }

        fn kept(&self) -> bool {
            self.0.path().join("record").exists()
        }
    }

    fn state(recovery: &Recovery) -> State {
        recovery.lock().0.clone()
    }

    fn open(console: &str, until: u64) -> State {
        State::Open { console: console.into(), until }
    }

    #[test]
    fn power_switched_between_two_steps_opens_it_on_the_same_console() {
        let machine = Machine::new();
        let first = machine.start("one", 5);
        assert_eq!(first.begin_at("ttyS0", "one", 100).unwrap(), Step::Armed { seconds: ARMED, first: true });
        assert_eq!(first.begin_at("ttyS0", "one", 160).unwrap(), Step::Armed { seconds: ARMED - 60, first: false });
        let second = machine.start("two", 4);
        assert_eq!(state(&second), open("ttyS0", 4 + OPEN));
        assert!(!machine.kept(), "it cannot be used again");
        assert_eq!(second.begin_at("ttyS0", "two", 30).unwrap(), Step::Open);
        assert_eq!(fs::read_to_string(machine.0.path().join("shown")).unwrap(), "ttyS0");
        // Another console begins anew, and that ends the first.
        assert!(matches!(second.begin_at("tty1", "two", 40).unwrap(), Step::Armed { .. }));
        assert!(matches!(state(&second), State::Armed { .. }));
    }

    #[test]
    fn a_restarted_mmpd_neither_opens_nor_forgets() {
        let machine = Machine::new();
        machine.start("one", 5).begin_at("ttyS0", "one", 100).unwrap();
        assert_eq!(state(&machine.start("one", 200)), State::Armed { console: "ttyS0".into(), until: 100 + ARMED });
        assert_eq!(state(&machine.start("one", 100 + ARMED)), State::Closed);
        assert!(!machine.kept());
        assert_eq!(state(&machine.start("two", 5)), State::Closed);
    }

    #[test]
    fn an_open_one_does_not_outlive_mmpd_or_its_time() {
        let machine = Machine::new();
        machine.start("one", 5).begin_at("ttyS0", "one", 100).unwrap();
        let open = machine.start("two", 5);
        assert!(matches!(open.begin_at("ttyS0", "two", 5 + OPEN).unwrap(), Step::Armed { .. }));
        machine.start("three", 5);
        assert_eq!(state(&machine.start("three", 6)), State::Closed);
    }

    #[test]
    fn what_ends_it_leaves_nothing_to_open_at_the_next_boot() {
        let machine = Machine::new();
        let recovery = machine.start("one", 5);
        assert!(!recovery.close());
        recovery.begin_at("ttyS0", "one", 100).unwrap();
        assert!(recovery.close() && !machine.kept());
        assert_eq!(state(&machine.start("two", 5)), State::Closed);
    }

    #[test]
    fn a_record_that_cannot_be_read_or_written_leaves_it_closed() {
        let machine = Machine::new();
        fs::write(machine.0.path().join("record"), "{").unwrap();
        assert_eq!(state(&machine.start("two", 5)), State::Closed);
        let nowhere = Recovery::start_at("/nowhere/at/all".into(), machine.0.path().join("shown"), "one", 5);
        assert!(nowhere.begin_at("ttyS0", "one", 9).unwrap_err().message.starts_with("Recovery cannot begin: "));
        assert_eq!(state(&nowhere), State::Closed);
    }
}
