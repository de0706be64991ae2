//! Files with keys and certificates as people really bring them, on the booted appliance.

use crate::{Scenario, scenario, stage::Moment};

mod as_brought;
mod made;

pub const ALL: &[Scenario] = &[scenario(
    "certificates::good_files_serve_and_bad_ones_leave_the_last_good_serving",
    Moment::Shell,
    as_brought::run,
)];
