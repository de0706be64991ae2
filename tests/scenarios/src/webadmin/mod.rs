//! Web Admin and the API door on the booted appliance.

use crate::{Scenario, scenario, stage::Moment};

mod authority;
mod license;
pub(crate) mod visitor;
mod walk_through;

pub const ALL: &[Scenario] = &[
    scenario("webadmin::certificates_page_and_api_survive_a_reboot", Moment::Shell, walk_through::run),
    scenario("webadmin::license_by_upload", Moment::Shell, license::run),
];
