//! The settings on disk: numbered generations, each a whole file.
//!
//! Invariants: a generation is written once, durably, under a new name and never touched again; the newest one whose
//! digest is right is in force; a damaged one is passed over with a [`Fault`], never silently; the last
//! [`KEPT`] are kept as restore points.
//!
//! A file is one line of JSON about the generation (who, when, from where, what, and the body's SHA-256), then the
//! body.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use mmp_control::chain;
use mmp_model::{
    Settings,
    account::UnixTime,
    versions::{self, Stored, VersionError},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::durable::{self, WriteError};

/// Generations that are kept.
pub const KEPT: usize = 64;

/// Who made a generation, when and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// Account, or `appliance` for the factory settings.
    pub user: String,
    /// Where the administrator sat.
    pub origin: String,
    /// The command, without secrets.
    pub line: String,
    /// Seconds since 1970 UTC.
    pub at: UnixTime,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    generation: u64,
    author: Author,
    sha256: String,
}

/// Why a generation cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The medium does not give it.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
    /// Cut short or changed.
    #[error("it is damaged")]
    Damaged,
    /// Another release's.
    #[error("it does not fit this release")]
    Version(#[from] VersionError),
}

/// Something wrong that the administrator must know.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A generation was passed over.
    #[error("settings generation {generation} was passed over: {cause}; `settings list` shows the others")]
    PassedOver {
        /// Which.
        generation: u64,
        /// Why.
        cause: String,
    },
    /// There is a folder of settings and nothing in it can be read.
    #[error(
        "no settings could be read at this boot: each of the {count} generations on /data was passed over (the newest: \
         {cause}). The appliance began with factory settings and takes the factory password at the console only. Host \
         keys and files are as they were; `backup rollback <name>` brings a snapshot back, one from elsewhere once it \
         is uploaded over SFTP"
    )]
    AllLost {
        /// How many generations there are.
        count: usize,
        /// Why the newest one was passed over.
        cause: String,
    },
}

/// A loaded store.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    generation: u64,
}

/// What was found on disk.
#[derive(Debug)]
pub struct Loaded {
    /// The store, ready to write the next generation.
    pub store: Store,
    /// The settings in force; absent on a clean system and when all is lost.
    pub settings: Option<Settings>,
    /// What was wrong.
    pub faults: Vec<Fault>,
}

impl Store {
    /// Reads the newest generation that can be read.
    pub fn load(folder: &Path) -> Loaded {
        let numbers = generations(folder);
        let mut faults = Vec::new();
        let mut settings = None;
        for &generation in numbers.iter().rev() {
            match point(folder, generation) {
                Ok(found) => {
                    settings = Some(found);
                    break;
                }
                Err(error) => {
                    let cause = chain(&error);
                    faults.push(Fault::PassedOver { generation, cause });
                }
            }
        }
        if settings.is_none()
            && let Some(Fault::PassedOver { cause, .. }) = faults.first()
        {
            // One line for all of them.
            faults = vec![Fault::AllLost { count: numbers.len(), cause: cause.clone() }];
        }
        // Numbers go on above damaged ones, so that the next generation is the newest.
        let generation = numbers.last().copied().unwrap_or(0);
        Loaded { store: Self { folder: folder.to_owned(), generation }, settings, faults }
    }

    /// The newest generation's number; 0 before the first.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Writes the next generation; durable on return.
    pub fn save(&mut self, settings: &Settings, author: Author) -> Result<(), WriteError> {
        let generation = self.generation + 1;
        let body = serde_json::to_vec_pretty(&versions::store(settings)).expect("stored settings have text keys only");
        let header = Header { generation, author, sha256: digest(&body) };
        let mut content = serde_json::to_vec(&header).expect("a header has text keys only");
        content.push(b'\n');
        content.extend(body);
        let file = path(&self.folder, generation);
        if let Err(error) = durable::replace(&file, &content, 0o600) {
            // Under its name it would be in force at the next boot, though nobody was told so.
            let _ = fs::remove_file(&file);
            return Err(error);
        }
        self.generation = generation;
        self.drop_oldest();
        Ok(())
    }

    /// Old restore points go; that one stays longer is no failure.
    fn drop_oldest(&self) {
        let numbers = generations(&self.folder);
        for &old in numbers.iter().rev().skip(KEPT) {
            let _ = fs::remove_file(path(&self.folder, old));
        }
    }
}

/// Numbers and authors of the generations that are kept and whole, the newest first.
pub fn points(folder: &Path) -> Vec<(u64, Author)> {
    let read = |&generation: &u64| {
        let (header, _) = read_whole(&path(folder, generation), generation).ok()?;
        Some((generation, header.author))
    };
    generations(folder).iter().rev().filter_map(read).collect()
}

/// The settings of one generation, in this release's form.
pub fn point(folder: &Path, generation: u64) -> Result<Settings, ReadError> {
    let (_, stored) = read_whole(&path(folder, generation), generation)?;
    Ok(versions::load(stored)?)
}

fn path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("generation-{generation:08}.json"))
}

fn generations(folder: &Path) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut numbers: Vec<u64> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_prefix("generation-")?.strip_suffix(".json")?.parse().ok()
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

fn read_whole(path: &Path, generation: u64) -> Result<(Header, Stored), ReadError> {
    let content = fs::read(path)?;
    let end = content.iter().position(|&b| b == b'\n').ok_or(ReadError::Damaged)?;
    let (first, body) = (&content[..end], &content[end + 1..]);
    let header: Header = serde_json::from_slice(first).map_err(|_| ReadError::Damaged)?;
    if header.generation != generation || header.sha256 != digest(body) {
        return Err(ReadError::Damaged);
    }
    let stored: Stored = serde_json::from_slice(body).map_err(|_| ReadError::Damaged)?;
    Ok((header, stored))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use mmp_model::account::{Accounts, PasswordHash};

    use super::*;

    fn author() -> Author {
        Author { user: "admin".into(), origin: "console".into(), line: "hostname x".into(), at: 1 }
    }

    fn named(name: &str) -> Settings {
        let mut settings = Settings::factory(Accounts::factory(PasswordHash::new("$y$".into())));
        settings.hostname = name.parse().unwrap();
        settings
    }

    fn saved(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::load(folder.path()).store;
        for name in names {
            store.save(&named(name), author()).unwrap();
        }
        folder
    }

    #[test]
    fn a_clean_folder_has_no_settings_and_no_fault() {
        let loaded = Store::load(tempfile::tempdir().unwrap().path());
        assert!(loaded.settings.is_none() && loaded.faults.is_empty());
    }

    #[test]
    fn the_newest_generation_is_in_force() {
        let folder = saved(&["one", "two"]);
        let loaded = Store::load(folder.path());
        assert_eq!(loaded.settings.unwrap(), named("two"));
        assert_eq!(loaded.store.generation(), 2);
    }

    #[test]
    fn a_torn_or_corrupt_file_falls_back_to_the_last_good_one_and_says_so() {
        for damage in [
            |c: &mut Vec<u8>| c.truncate(c.len() / 2),
            |c: &mut Vec<u8>| c.clear(),
            |c: &mut Vec<u8>| {
                let at = c.len() - 5;
                c[at] ^= 1;
            },
        ] {
            let folder = saved(&["one", "two"]);
            let file = path(folder.path(), 2);
            let mut content = fs::read(&file).unwrap();
            damage(&mut content);
            fs::write(&file, content).unwrap();
            let mut loaded = Store::load(folder.path());
            assert_eq!(loaded.settings.unwrap(), named("one"));
            assert!(matches!(loaded.faults[..], [Fault::PassedOver { generation: 2, .. }]));
            loaded.store.save(&named("three"), author()).unwrap();
            assert_eq!(Store::load(folder.path()).settings.unwrap(), named("three"));
        }
    }

    #[test]
    fn when_all_is_lost_it_is_said() {
        let folder = saved(&["one", "two"]);
        fs::write(path(folder.path(), 1), "").unwrap();
        fs::write(path(folder.path(), 2), "{").unwrap();
        let mut loaded = Store::load(folder.path());
        assert!(loaded.settings.is_none());
        assert!(matches!(loaded.faults[..], [Fault::AllLost { count: 2, .. }]));
        // What is saved then is the newest, and what could not be read is left for somebody to look at.
        loaded.store.save(&named("three"), author()).unwrap();
        assert_eq!(generations(folder.path()), [1, 2, 3]);
        assert_eq!(Store::load(folder.path()).settings.unwrap(), named("three"));
    }

    #[test]
    fn the_last_64_generations_are_kept() {
        let names: Vec<String> = (0..70).map(|n| format!("n{n}")).collect();
        let folder = saved(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(generations(folder.path()), (7..=70).collect::<Vec<_>>());
    }

    #[test]
    fn restore_points_are_listed_the_newest_first_and_a_damaged_one_is_none() {
        let folder = saved(&["one", "two", "three"]);
        fs::write(path(folder.path(), 2), "").unwrap();
        let numbers: Vec<u64> = points(folder.path()).into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [3, 1]);
        assert_eq!(point(folder.path(), 1).unwrap(), named("one"));
        assert!(point(folder.path(), 2).is_err() && point(folder.path(), 9).is_err());
    }
}
