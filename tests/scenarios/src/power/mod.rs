//! What was acknowledged is there after a power cut, whatever the disk's cache loses.

use crate::{Scenario, scenario, stage::Moment};

mod cuts;
mod found;
mod prefixes;
mod stream;
mod witness;

pub const ALL: &[Scenario] = &[
    scenario("power::every_prefix_of_the_writes_is_sound", Moment::Own, prefixes::run),
    scenario("power::cuts_behind_a_volatile_cache", Moment::Own, cuts::run),
];
