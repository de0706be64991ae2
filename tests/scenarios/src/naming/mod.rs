//! Names that the appliance resolves.

use crate::{Scenario, scenario, stage::Moment};

mod forward;
mod record;

pub const ALL: &[Scenario] = &[
    scenario("naming::forward_zone_resolves", Moment::Shell, forward::run),
    scenario("naming::local_record_resolves", Moment::Shell, record::run),
];
