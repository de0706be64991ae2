//! The clock.

use crate::{Scenario, scenario, stage::Moment};

mod ntp;
mod zone;

pub const ALL: &[Scenario] = &[
    scenario("time::ntp_brings_the_clock_right", Moment::Shell, ntp::run),
    scenario("time::zone_needs_a_reboot", Moment::Shell, zone::run),
];
