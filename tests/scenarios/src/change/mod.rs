//! Changes: on condition, by two at once, deadly ones, and the way back.

use crate::{Scenario, scenario, stage::Moment};

mod cut_off;
mod deadly;
mod lockouts;
mod off_in_between;
mod restore_points;
mod two_at_once;

pub const ALL: &[Scenario] = &[
    scenario("change::tried_change_that_cuts_its_session_is_undone", Moment::Shell, cut_off::run),
    scenario("change::tried_change_ends_with_the_power", Moment::Shell, off_in_between::run),
    scenario("change::two_administrators_see_each_other", Moment::Shell, two_at_once::run),
    scenario("change::restore_points", Moment::Shell, restore_points::run),
    scenario("change::no_change_locks_out", Moment::Own, lockouts::run),
    scenario("change::deadly_change_is_undone", Moment::Own, deadly::run),
];
