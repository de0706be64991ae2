//! `ssh`, and the files that set what it shows.

use mmp_model::{
    Username,
    ssh::{Algorithms, PublicKeys},
};
use serde::{Deserialize, Serialize};

/// `ssh`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ssh {
    /// Settings.
    Show,
    /// Which algorithms are offered.
    Algorithms(Algorithms),
    /// Fingerprints of the appliance's own keys.
    Fingerprints,
    /// Keys that accounts may come in with.
    Keys,
    /// An account's keys, all of them at once; sent for an upload of `<user>.pub`.
    SetKeys(Username, PublicKeys),
    /// Away with an account's keys.
    DelKeys(Username),
}
