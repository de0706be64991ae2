//! A change on condition as it is kept on disk: which families to put back, to what, and when.
//!
//! Invariants: the record is durable before the change is; it holds the settings to go back to itself, so no other file is
//! needed; what is put back are the families that the change touched, so a change of another family meanwhile stays. The
//! deadline counts the time since boot, which no clock that is set moves; in another boot the time is over.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mmp_control::reply;
use mmp_model::{
    Settings,
    restore::ConfirmTime,
    versions::{self, Stored, VersionError},
};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::{
    durable::{self, WriteError},
    store::Author,
};

/// Beside the generations.
const FILE: &str = "trial.json";
/// Changes that are listed; a longer trial has only its first ones.
const MOST_LINES: usize = 64;

/// A change, or several, on condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// Who has to confirm.
    pub user: String,
    /// The account's number, which a new account of the same name does not have.
    pub uid: u32,
    /// From where the latest change was made.
    pub origin: String,
    /// The changes, without secrets.
    pub lines: Vec<String>,
    /// The boot in which the time counts.
    boot: String,
    /// Seconds since that boot at which the time is over.
    deadline: u64,
    /// The touched families as they were before the first change.
    restore: Stored,
}

impl Trial {
    /// Begins, or adds to what is on condition: the time begins anew, what is restored stays.
    pub fn begin(running: Option<&Self>, author: &Author, uid: u32, within: ConfirmTime, before: Stored) -> Self {
        let mut trial = running.cloned().unwrap_or_else(|| Self {
            user: author.user.clone(),
            uid,
            origin: String::new(),
            lines: Vec::new(),
            boot: boot(),
            deadline: 0,
            restore: Stored::new(),
        });
        trial.origin.clone_from(&author.origin);
        if trial.lines.len() < MOST_LINES {
            trial.lines.push(author.line.clone());
        }
        for (family, value) in before {
            trial.restore.entry(family).or_insert(value);
        }
        trial.extended(within)
    }

    /// The same with the time begun anew.
    #[must_use]
    pub fn extended(mut self, within: ConfirmTime) -> Self {
        self.deadline = since_boot() + u64::from(within.seconds());
        self
    }

    /// Seconds left; 0 when the time is over.
    pub fn seconds_left(&self) -> u64 {
        if self.boot == boot() { self.deadline.saturating_sub(since_boot()) } else { 0 }
    }

    /// Whether one of these families waits for the confirmation.
    pub fn holds<'a>(&self, mut families: impl Iterator<Item = &'a String>) -> bool {
        families.any(|family| self.restore.contains_key(family))
    }

    /// Families that wait for the confirmation.
    pub fn families(&self) -> impl Iterator<Item = &String> {
        self.restore.keys()
    }

    /// The settings without the change.
    pub fn undone(&self, settings: &Settings) -> Result<Settings, VersionError> {
        put_back(settings, &self.restore)
    }

    /// As `try` shows it.
    pub fn shown(&self) -> reply::Trial {
        reply::Trial {
            user: self.user.clone(),
            origin: self.origin.clone(),
            lines: self.lines.clone(),
            seconds_left: self.seconds_left(),
        }
    }
}

/// The settings with some families as they were. Numbers of accounts are never given a second time.
pub fn put_back(settings: &Settings, families: &Stored) -> Result<Settings, VersionError> {
    let mut stored = versions::store(settings);
    stored.extend(families.iter().map(|(family, value)| (family.clone(), value.clone())));
    let mut undone = versions::load(stored)?;
    undone.accounts.next_uid = undone.accounts.next_uid.max(settings.accounts.next_uid);
    Ok(undone)
}

/// The families that differ, as they are in the first settings.
pub fn differing(old: &Settings, new: &Settings) -> Stored {
    let new = versions::store(new);
    versions::store(old).into_iter().filter(|(family, value)| new.get(family) != Some(value)).collect()
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// What is on condition; a record that cannot be read is none, and its text says so.
pub fn load(folder: &Path) -> Result<Option<Trial>, String> {
    match fs::read(path(folder)) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| error.to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// Durable on return.
pub fn save(folder: &Path, trial: Option<&Trial>) -> Result<(), WriteError> {
    let path = path(folder);
    match trial {
        Some(trial) => {
            let text = serde_json::to_vec(trial).expect("a trial has text keys only");
            durable::replace(&path, &text, 0o600)
        }
        None => durable::remove(&path),
    }
}

/// Seconds since boot, also while the machine slept.
pub fn since_boot() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_BOOTTIME).expect("every Linux has this clock");
    u64::try_from(now.tv_sec()).unwrap_or(0)
}

/// What the kernel calls this boot.
pub fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, request};

    use super::*;
    use crate::change::tests::{after, clean};

    fn author(line: &str) -> Author {
        Author { user: "admin".into(), origin: "console".into(), line: line.into(), at: 1 }
    }

    fn named(name: &str) -> Settings {
        after(&[Request::Hostname(request::HostnameAsk::Set(name.parse().unwrap()))])
    }

    #[test]
    fn a_second_change_extends_the_time_and_leaves_the_restore_point() {
        let (one, two) = (named("one"), named("two"));
        let first = Trial::begin(None, &author("hostname one"), 1, ConfirmTime::DEFAULT, differing(&clean(), &one));
        let hour = "3600".parse().unwrap();
        let second = Trial::begin(Some(&first), &author("hostname two"), 1, hour, differing(&one, &two));
        assert!(second.seconds_left() > 3500 && first.seconds_left() <= 120);
        assert_eq!(second.undone(&two).unwrap(), clean());
        assert_eq!(second.shown().lines, ["hostname one", "hostname two"]);
    }

    #[test]
    fn an_undo_leaves_families_that_others_changed_meanwhile() {
        let tried = named("one");
        let trial = Trial::begin(None, &author("x"), 1, ConfirmTime::DEFAULT, differing(&clean(), &tried));
        let mut meanwhile = tried;
        meanwhile.ntp.servers.push("192.0.2.1".parse().unwrap());
        let undone = trial.undone(&meanwhile).unwrap();
        assert_eq!((undone.hostname, undone.ntp.servers.len()), (clean().hostname, 1));
    }

    #[test]
    fn a_number_of_an_account_is_not_given_again_after_an_undo() {
        let mut tried = clean();
        tried.accounts.next_uid += 1;
        tried.hostname = "x".parse().unwrap();
        let trial = Trial::begin(None, &author("user add"), 1, ConfirmTime::DEFAULT, differing(&clean(), &tried));
        assert_eq!(trial.undone(&tried).unwrap().accounts.next_uid, tried.accounts.next_uid);
    }

    #[test]
    fn it_is_kept_and_in_another_boot_its_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()), Ok(None));
        let mut trial = Trial::begin(None, &author("x"), 1, ConfirmTime::DEFAULT, Stored::new());
        save(folder.path(), Some(&trial)).unwrap();
        assert_eq!(load(folder.path()), Ok(Some(trial.clone())));
        trial.boot = "another".into();
        assert_eq!(trial.seconds_left(), 0);
        save(folder.path(), None).unwrap();
        assert_eq!(load(folder.path()), Ok(None));
        fs::write(path(folder.path()), "{").unwrap();
        assert!(load(folder.path()).is_err());
    }
}
