//! Settings of SSH: the public keys that accounts come in with, and which algorithms are offered (`mmp.md` sections
//! 2.5 and 5; `ssh` is a family of ours).
//!
//! Invariants: a key is an account's, so an account that goes takes its keys with it; what ends up in sshd's files is a
//! [`PublicKey`], whose text has no options, no quote and no second line.

mod base64;
mod key;
mod keys;
mod wire;

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use key::{KeyError, PublicKey};
pub use keys::{FileError, LONGEST_FILE, MOST_KEYS, PublicKeys};

use crate::{InvalidValue, Username};

/// The bytes as base64 without padding, as fingerprints are written (ssh-keygen(1), `-l`).
pub fn unpadded_base64(bytes: &[u8]) -> String {
    base64::encode(bytes).trim_end_matches('=').to_owned()
}

/// Settings of the family `ssh`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// Which algorithms sshd offers.
    pub algorithms: Algorithms,
    /// Keys that an account may come in with.
    pub keys: BTreeMap<Username, PublicKeys>,
}

/// Which algorithms sshd offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithms {
    /// Those that a reviewer has no question about; every client of the last ten years knows some of them.
    #[default]
    Modern,
    /// Those and older ones, for clients that know no better.
    Compatible,
}

impl Algorithms {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Modern, Self::Compatible];

    /// The word that is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Compatible => "compatible",
        }
    }
}

impl FromStr for Algorithms {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid set of algorithms", text);
        Self::ALL.into_iter().find(|set| set.word() == text).ok_or_else(wrong)
    }
}

impl fmt::Display for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
