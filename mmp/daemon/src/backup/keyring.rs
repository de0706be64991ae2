//! The appliance's backup key on `/data`: made when it is first needed, shown to an administrator on demand.
//!
//! Invariant: a key that can be read is never replaced.

use std::{fs, io, path::PathBuf};

use mmp_backup::{BackupKey, key::BYTES};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    durable::{self, WriteError},
    journal,
    paths::Paths,
};

/// Below the folder of what mmpd remembers.
const FILE: &str = "backup-key.json";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be kept.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The kernel gives no random bytes.
    #[error("there are no random numbers: {0}")]
    Random(getrandom::Error),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    key: String,
    /// Somebody has had it shown, and was told to write it down.
    shown: bool,
}

/// The key, and whether somebody has seen it.
#[derive(Debug)]
pub struct Keyring {
    file: PathBuf,
    /// The key.
    pub key: BackupKey,
    /// Somebody has seen it.
    pub shown: bool,
}

impl Keyring {
    /// The key, if there is one.
    pub fn load(paths: &Paths) -> Option<Self> {
        let file = paths.state().join(FILE);
        let text = match fs::read(&file) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                journal::error(&format!("the backup key cannot be read: {error}"));
                return None;
            }
        };
        let kept = serde_json::from_slice::<Kept>(&text).ok();
        let found = kept.and_then(|kept| {
            let text = Zeroizing::new(kept.key);
            Some(Self { file, key: text.parse().ok()?, shown: kept.shown })
        });
        if found.is_none() {
            journal::error("the backup key on /data is damaged; the next backup makes a new one");
        }
        found
    }

    /// The key; a new one where there is none.
    pub fn load_or_make(paths: &Paths) -> Result<Self, KeyError> {
        if let Some(found) = Self::load(paths) {
            return Ok(found);
        }
        let mut random = Zeroizing::new([0; BYTES]);
        getrandom::fill(&mut *random).map_err(KeyError::Random)?;
        let made = Self { file: paths.state().join(FILE), key: BackupKey::new(*random), shown: false };
        made.keep()?;
        Ok(made)
    }

    /// Somebody sees it now.
    pub fn show(&mut self) -> Result<Zeroizing<String>, KeyError> {
        if !self.shown {
            self.shown = true;
            self.keep()?;
        }
        Ok(self.key.reveal())
    }

    fn keep(&self) -> Result<(), WriteError> {
        let kept = Kept { key: self.key.reveal().to_string(), shown: self.shown };
        let text = Zeroizing::new(serde_json::to_vec(&kept).expect("a key has text keys only"));
        drop(Zeroizing::new(kept.key));
        durable::replace(&self.file, &text, 0o600)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_stays_and_is_nobodys_to_read() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::below(root.path());
        fs::create_dir_all(paths.state()).unwrap();
        assert!(Keyring::load(&paths).is_none());
        let made = Keyring::load_or_make(&paths).unwrap();
        let mut again = Keyring::load_or_make(&paths).unwrap();
        assert!(made.key == again.key && !again.shown);
        assert_eq!(again.show().unwrap(), made.key.reveal());
        assert!(Keyring::load(&paths).unwrap().shown);
        let mode = fs::metadata(paths.state().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
