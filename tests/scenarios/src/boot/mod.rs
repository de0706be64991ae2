//! Getting to the login prompt, whatever happened before.

use crate::{Scenario, scenario, stage::Moment};

mod dependable;

pub const ALL: &[Scenario] = &[scenario("boot::thirty", Moment::Own, dependable::run)];
