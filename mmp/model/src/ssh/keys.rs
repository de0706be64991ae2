//! All keys of one account, as the file `<user>.pub` has them.

use serde::{Deserialize, Serialize};

use super::{KeyError, PublicKey};
use crate::InvalidValue;

/// Keys that one account may have.
pub const MOST_KEYS: usize = 16;
/// Longest file of keys, in bytes.
pub const LONGEST_FILE: usize = 64 << 10;

/// Why a file is not one of public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// A line that is none.
    #[error("line {line}: {error}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        error: KeyError,
    },
    /// Not text at all.
    #[error("it is not text")]
    NotText,
    /// Nothing in it.
    #[error("there is no key in it")]
    Empty,
    /// More than [`MOST_KEYS`].
    #[error("16 keys at most")]
    TooMany,
    /// More than [`LONGEST_FILE`].
    #[error("64 KiB at most")]
    TooLong,
}

/// At least one key, each once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<PublicKey>", into = "Vec<PublicKey>")]
pub struct PublicKeys(Vec<PublicKey>);

impl PublicKeys {
    /// Reads a file: a key a line; empty lines and those that begin with `#` do not count.
    pub fn read(file: &[u8]) -> Result<Self, FileError> {
        if file.len() > LONGEST_FILE {
            return Err(FileError::TooLong);
        }
        let text = std::str::from_utf8(file).map_err(|_| FileError::NotText)?;
        let mut keys: Vec<PublicKey> = Vec::new();
        for (index, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let key: PublicKey = line.parse().map_err(|error| FileError::Line { line: index + 1, error })?;
            if keys.iter().all(|known| known.blob() != key.blob()) {
                keys.push(key);
            }
        }
        Self::checked(keys)
    }

    /// The keys, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter()
    }

    /// The file: a key a line.
    pub fn file(&self) -> String {
        self.0.iter().map(|key| format!("{key}\n")).collect()
    }

    fn checked(keys: Vec<PublicKey>) -> Result<Self, FileError> {
        match keys.len() {
            0 => Err(FileError::Empty),
            n if n > MOST_KEYS => Err(FileError::TooMany),
            _ => Ok(Self(keys)),
        }
    }
}

impl TryFrom<Vec<PublicKey>> for PublicKeys {
    type Error = InvalidValue;
    fn try_from(keys: Vec<PublicKey>) -> Result<Self, InvalidValue> {
        Self::checked(keys).map_err(|error| InvalidValue::new("Invalid SSH public keys", error.to_string()))
    }
}

impl From<PublicKeys> for Vec<PublicKey> {
    fn from(keys: PublicKeys) -> Self {
        keys.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob@laptop";

    #[test]
    fn a_file_has_a_key_a_line_and_a_key_counts_once() {
        let keys = PublicKeys::read(format!("# mine\r\n\r\n{KEY}\r\n{KEY} again\n").as_bytes()).unwrap();
        assert_eq!(keys.file(), format!("{KEY}\n"));
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = PublicKeys::read(format!("{KEY}\n\ncommand=\"x\" {KEY}\n").as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 3: options before a key are not taken");
        assert_eq!(PublicKeys::read(b"# nothing\n"), Err(FileError::Empty));
        assert_eq!(PublicKeys::read(b"\xff\xfe"), Err(FileError::NotText));
        assert_eq!(PublicKeys::read(&[b'#'; LONGEST_FILE + 1]), Err(FileError::TooLong));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic_and_what_is_taken_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for file in [bytes.clone(), [KEY.as_bytes(), b"\n", &bytes].concat()] {
                if let Ok(keys) = PublicKeys::read(&file) {
                    prop_assert_eq!(PublicKeys::read(keys.file().as_bytes()), Ok(keys));
                }
            }
        }
    }
}
