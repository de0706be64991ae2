//! The SFTP folder.

use crate::{Scenario, scenario, stage::Moment};

mod cut_upload;
mod everyday;
mod names;
mod readable;

pub const ALL: &[Scenario] = &[
    scenario("files::put_get_list_rename_remove", Moment::Shell, everyday::run),
    scenario("files::names_outside_the_rules_are_refused", Moment::Shell, names::run),
    scenario("files::live_and_boot_settings", Moment::Shell, readable::run),
    scenario("files::cut_upload_leaves_nothing", Moment::Shell, cut_upload::run),
];
