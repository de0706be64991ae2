//! Saying loudly what the appliance did by itself: on every console, in the log, to who is logged in and at the next login.
//!
//! Invariants: what must be told at the next login is durable; a console that nobody reads holds nothing up.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mmp_model::account::UnixTime;
use nix::libc;
use serde::{Deserialize, Serialize};

use crate::{durable, journal};

/// Notes that are kept; the oldest go first.
const MOST: usize = 16;

/// Something to be told at the next login.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// Who must have been told before it goes.
    pub user: String,
    /// Seconds since 1970 UTC.
    pub at: UnixTime,
    /// One line.
    pub text: String,
}

/// Notes that have not been told yet.
#[derive(Debug)]
pub struct Notes {
    file: PathBuf,
    notes: Mutex<Vec<Note>>,
}

impl Notes {
    /// Reads them; what cannot be read is in the log at least.
    pub fn load(folder: &Path) -> Self {
        let file = folder.join("notes.json");
        let notes = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { file, notes: Mutex::new(notes) }
    }

    /// Keeps a note until its user has been told.
    pub fn add(&self, note: Note) {
        let mut notes = self.lock();
        notes.push(note);
        let old = notes.len().saturating_sub(MOST);
        notes.drain(..old);
        self.keep(&notes);
    }

    /// What there is to tell.
    pub fn all(&self) -> Vec<Note> {
        self.lock().clone()
    }

    /// The user has been told what was noted until now.
    pub fn told(&self, user: &str) {
        let mut notes = self.lock();
        let before = notes.len();
        notes.retain(|note| note.user != user);
        if notes.len() < before {
            self.keep(&notes);
        }
    }

    /// Takes back notes that begin so: a newer one says it all.
    pub fn forget(&self, begin: &str) {
        self.lock().retain(|note| !note.text.starts_with(begin));
    }

    fn keep(&self, notes: &[Note]) {
        let text = serde_json::to_vec(notes).expect("notes have text keys only");
        if let Err(error) = durable::replace(&self.file, &text, 0o600) {
            journal::warning(&format!("the next login is not told: {}", mmp_control::chain(&error)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes a line on each console, between whatever stands there.
pub fn on_consoles(consoles: &[String], text: &str) {
    let line = format!("\r\n*** {}\r\n", journal::one_line(text));
    for console in consoles {
        let path = Path::new("/dev").join(console);
        // Not waited for: a serial line without a reader may be held up for ever.
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
        let opened = OpenOptions::new().write(true).custom_flags(flags).open(&path);
        if let Err(error) = opened.and_then(|mut terminal| terminal.write_all(line.as_bytes())) {
            journal::info(&format!("{console} does not take a line: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(user: &str, text: &str) -> Note {
        Note { user: user.into(), at: 1, text: text.into() }
    }

    #[test]
    fn a_note_is_kept_until_its_user_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::load(folder.path());
        notes.add(note("admin", "one"));
        notes.add(note("root", "two"));
        notes.told("root");
        assert_eq!(Notes::load(folder.path()).all(), [note("admin", "one")]);
    }

    #[test]
    fn a_newer_note_takes_the_place_of_an_older_one() {
        let notes = Notes::load(tempfile::tempdir().unwrap().path());
        ["Memory: 1", "other", "Memory: 2"].into_iter().for_each(|text| notes.add(note("admin", text)));
        notes.forget("Memory: ");
        notes.add(note("admin", "Memory: 3"));
        assert_eq!(notes.all(), [note("admin", "other"), note("admin", "Memory: 3")]);
    }

    #[test]
    fn notes_do_not_grow_without_bound() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::load(folder.path());
        (0..100).for_each(|n| notes.add(note("admin", &n.to_string())));
        assert_eq!((notes.all().len(), notes.all()[0].text.as_str()), (MOST, "84"));
    }
}
