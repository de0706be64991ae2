//! `ssh`.

use mmp_model::{Username, ssh::Algorithms};
use serde::{Deserialize, Serialize};

/// `ssh`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SshNow {
    /// Which algorithms are offered.
    pub algorithms: Algorithms,
    /// Accounts that may come in with a key.
    pub users: Vec<Username>,
}

/// One row of `ssh fingerprints`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostKey {
    /// `ssh-ed25519`.
    pub algorithm: String,
    /// `SHA256:` and the digest in base64, as clients show it.
    pub fingerprint: String,
}

/// One row of `ssh keys`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserKey {
    /// Whose.
    pub username: Username,
    /// `ssh-ed25519`.
    pub algorithm: String,
    /// `SHA256:` and the digest in base64.
    pub fingerprint: String,
    /// What its owner calls it.
    pub comment: String,
}
