//! What a file comes down to on this appliance today.
//!
//! Invariants: a licence for another MAC address grants nothing; the last day counts whole; after it a full licence
//! stays in force for [`GRACE_DAYS`], a trial does not.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Feature, Keyring, Licence, ParseError};

/// How long a full licence stays in force after its last day, with a warning at every login.
pub const GRACE_DAYS: i64 = 30;

/// A feature's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No licence names it.
    None,
    /// Its time is over.
    Expired,
    /// Its time is over, and it stays in force for a while.
    Grace,
    /// In force for a trial.
    Trial,
    /// In force.
    Active,
}

/// One feature of a genuine licence for this appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureState {
    /// Which.
    pub feature: Feature,
    /// How it stands.
    pub state: State,
    /// The last day, UTC.
    pub until: Date,
    /// Days to the last day; 0 after it.
    pub days: i64,
    /// How many at a time.
    pub limit: Option<u32>,
}

/// Why no licence is in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no file.
    #[error("No license file found")]
    Absent,
    /// The file is none.
    #[error("The license file is not valid: {0}")]
    Bad(#[from] ParseError),
    /// It is another appliance's.
    #[error("The license file is for MAC address {}; interface a of this appliance has {own}", macs.join(", "))]
    WrongMac {
        /// Those it names.
        macs: Vec<String>,
        /// This one's.
        own: String,
    },
}

/// What a file comes down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is licensed.
    Fault(Fault),
    /// Genuine, and for this appliance; each feature that it names, in the order of [`Feature`].
    Features(Vec<FeatureState>),
}

/// Judges a file on an appliance with this MAC address of interface `a`.
pub fn judge(file: Option<&[u8]>, keys: &Keyring, mac: Option<&str>, today: Date) -> Verdict {
    let Some(bytes) = file else { return Verdict::Fault(Fault::Absent) };
    let licence = match Licence::read(bytes, keys) {
        Ok(licence) => licence,
        Err(error) => return Verdict::Fault(error.into()),
    };
    let own = mac.and_then(crate::file::mac);
    if !own.as_ref().is_some_and(|own| licence.content.macs.contains(own)) {
        let macs = licence.content.macs.into_iter().collect();
        return Verdict::Fault(Fault::WrongMac { macs, own: own.unwrap_or_else(|| "none".into()) });
    }
    let trial = licence.content.trial;
    let features = licence.content.grants.into_iter().map(|grant| {
        let left = days(today, grant.until);
        let state = match left {
            0.. if trial => State::Trial,
            0.. => State::Active,
            _ if !trial && -left <= GRACE_DAYS => State::Grace,
            _ => State::Expired,
        };
        FeatureState { feature: grant.feature, state, until: grant.until, days: left.max(0), limit: grant.limit }
    });
    Verdict::Features(features.collect())
}

fn days(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

impl Verdict {
    /// A feature's state.
    pub fn state(&self, feature: Feature) -> State {
        match self {
            Self::Fault(_) => State::None,
            Self::Features(all) => all.iter().find(|one| one.feature == feature).map_or(State::None, |one| one.state),
        }
    }

    /// Whether anything is in force.
    pub fn is_in_force(&self) -> bool {
        matches!(self, Self::Features(all) if all.iter().any(|one| one.state >= State::Grace))
    }
}
