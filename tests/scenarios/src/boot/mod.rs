//! Getting to the login prompt, whatever happened before.

use crate::{Scenario, scenario, stage::Moment};

mod changed_root;
mod dependable;
mod firmware;
mod plain_processor;
mod power_cut;

pub const ALL: &[Scenario] = &[
    scenario("boot::power_cut_keeps_what_was_acknowledged", Moment::Shell, power_cut::run),
    scenario("boot::changed_root_is_not_run", Moment::Own, changed_root::run),
    scenario("boot::firmware_and_boot_loader", Moment::Own, firmware::run),
    scenario("boot::processor_without_extensions", Moment::Own, plain_processor::run),
    scenario("boot::again_and_again", Moment::Own, dependable::run),
];
