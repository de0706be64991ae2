//! The clock.

use crate::{Scenario, scenario, stage::Moment};

mod group_key;
mod ntp;
mod zone;

pub const ALL: &[Scenario] = &[
    scenario("time::ntp_brings_the_clock_right", Moment::Shell, ntp::run),
    scenario("time::servers_are_believed_with_the_right_key_only", Moment::Shell, group_key::run),
    scenario("time::zone_needs_a_reboot", Moment::Shell, zone::run),
];
