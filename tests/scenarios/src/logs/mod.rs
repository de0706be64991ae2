//! The system log, the audit log, and handing them on.

use crate::{Scenario, scenario, stage::Moment};

mod audit;
mod forwarding;
mod reading;

pub const ALL: &[Scenario] = &[
    scenario("logs::lines_are_shown_followed_and_found", Moment::Shell, reading::run),
    scenario("logs::files_and_bundle_are_downloaded", Moment::Shell, reading::files),
    scenario("logs::an_auditor_reads_the_audit_log_and_nothing_else", Moment::Shell, audit::run),
    scenario("logs::a_server_that_was_away_has_every_line_in_order_once", Moment::Shell, forwarding::run),
];
