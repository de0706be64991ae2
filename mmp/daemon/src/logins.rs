//! What is remembered of logins: the last one, wrong passwords since, and the lock they led to. Not a setting: it is
//! kept beside them, and durable before the door answers.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mmp_control::Login;
use mmp_model::{Username, account::UnixTime};
use serde::{Deserialize, Serialize};

use crate::{durable, lockout::Streak};

/// Of one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The latest login.
    pub last: Option<Login>,
    /// The one before it, which is what the next greeting shows.
    pub previous: Option<Login>,
    /// Wrong passwords since the latest login.
    pub failed: u32,
    /// Wrong passwords between the latest login and the one before.
    pub failed_before: u32,
    /// Wrong passwords in a row, and the lock.
    #[serde(default)]
    pub streak: Streak,
    /// When an administrator last took a lock away.
    #[serde(default)]
    pub unlocked: UnixTime,
}

/// All accounts' records.
#[derive(Debug)]
pub struct Logins {
    file: PathBuf,
    records: Mutex<BTreeMap<Username, Record>>,
}

impl Logins {
    /// Reads them; what cannot be read is forgotten.
    pub fn load(folder: &Path) -> Self {
        let file = folder.join("logins.json");
        let records = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { file, records: Mutex::new(records) }
    }

    /// Of one account.
    pub fn of(&self, user: &Username) -> Record {
        self.lock().get(user).cloned().unwrap_or_default()
    }

    /// A right password.
    pub fn came_in(&self, user: &Username, login: Login) {
        let mut records = self.lock();
        let record = records.entry(user.clone()).or_default();
        record.previous = record.last.replace(login);
        record.failed_before = std::mem::take(&mut record.failed);
        record.streak = Streak::default();
        self.keep(&records);
    }

    /// A wrong one. `most` is the rule for how many lead to a lock.
    pub fn failed(&self, user: &Username, now: UnixTime, console: bool, most: Option<u32>) {
        let mut records = self.lock();
        let record = records.entry(user.clone()).or_default();
        record.failed = record.failed.saturating_add(1);
        record.streak.failed(now, console, most);
        self.keep(&records);
    }

    /// A name that is no account's. Nothing is remembered of it, but it takes as long.
    pub fn failed_nobody(&self) {
        self.keep(&self.lock());
    }

    /// Away with the account's lock; its idleness counts from now.
    pub fn unlock(&self, user: &Username, now: UnixTime) {
        let mut records = self.lock();
        let record = records.entry(user.clone()).or_default();
        record.streak = Streak::default();
        record.unlocked = now;
        self.keep(&records);
    }

    /// Nothing is remembered of an account that is gone: the next one of that name is another.
    pub fn forget(&self, user: &Username) {
        let mut records = self.lock();
        if records.remove(user).is_some() {
            self.keep(&records);
        }
    }

    fn keep(&self, records: &BTreeMap<Username, Record>) {
        let text = serde_json::to_vec(records).expect("records have text keys only");
        let written = fs::create_dir_all(self.file.parent().unwrap_or(Path::new("/")))
            .map_err(|error: io::Error| error.to_string())
            .and_then(|()| durable::replace(&self.file, &text, 0o600).map_err(|error| error.to_string()));
        if let Err(error) = written {
            crate::journal::warning(&format!("logins are not remembered: {error}"));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Username, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_tells_of_the_login_before_and_of_failures_since() {
        let folder = tempfile::tempdir().unwrap();
        let user = Username::factory();
        let login = |at| Login { at, origin: "console".into() };
        let logins = Logins::load(folder.path());
        logins.came_in(&user, login(1));
        logins.failed(&user, 1, true, None);
        logins.came_in(&user, login(2));
        let record = Logins::load(folder.path()).of(&user);
        assert_eq!((record.previous, record.failed_before, record.failed), (Some(login(1)), 1, 0));
    }

    #[test]
    fn a_lock_outlives_the_daemon_and_ends_with_unlocking_or_a_login() {
        let folder = tempfile::tempdir().unwrap();
        let user = Username::factory();
        let locked = || Logins::load(folder.path()).of(&user).streak.lock(10, Some(1)).is_some();
        let logins = Logins::load(folder.path());
        logins.failed(&user, 10, false, Some(1));
        assert!(locked());
        logins.unlock(&user, 11);
        assert!(!locked());
        assert_eq!(logins.of(&user).unlocked, 11);
        logins.failed(&user, 10, false, Some(1));
        logins.came_in(&user, Login { at: 12, origin: "console".into() });
        assert!(!locked());
    }

    #[test]
    fn what_the_first_release_remembered_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"admin":{"last":{"at":5,"origin":"x"},"previous":null,"failed":2,"failed_before":1}}"#;
        std::fs::write(folder.path().join("logins.json"), text).unwrap();
        let record = Logins::load(folder.path()).of(&Username::factory());
        assert_eq!((record.failed, record.streak), (2, Streak::default()));
    }
}
