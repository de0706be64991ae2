//! What a feature's state does to the services: one table, for MMP, call bridge and pages.

use crate::{Feature, State};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The service does all that it can, up to the licence's limit.
    Full,
    /// As [`Effect::Full`], and every administrator is warned.
    Warned,
    /// Calls are limited to [`UNLICENSED_CALL_LEGS`] at a time, and pages say so.
    Limited,
    /// `enable` and `restart` refuse; what runs goes on until then.
    NotStarted,
    /// The single act is refused: a recording, a stream, an own prompt.
    Refused,
    /// Only the figure that is reported changes.
    Reported,
}

/// Call legs at a time without a licence: enough to try a call, too few to live by.
pub const UNLICENSED_CALL_LEGS: u32 = 4;

/// The table.
pub fn effect(feature: Feature, state: State) -> Effect {
    match (state, feature) {
        (State::Active, _) => Effect::Full,
        (State::Trial | State::Grace, _) => Effect::Warned,
        (State::None | State::Expired, feature) => match feature {
            Feature::Callbridge => Effect::Limited,
            Feature::Turn | Feature::Webbridge | Feature::Xmpp => Effect::NotStarted,
            Feature::Recording | Feature::Streaming | Feature::Customizations => Effect::Refused,
            Feature::Personal | Feature::Shared | Feature::CapacityUnits => Effect::Reported,
        },
    }
}
