//! Coming in, and not coming in.

use crate::{Scenario, scenario, stage::Moment};

pub mod accounts;
mod algorithms;
mod first_login_console;
mod first_login_ssh;
pub mod keys;
mod lost_password;
mod no_way_round;
mod shell;
mod texts;

pub const ALL: &[Scenario] = &[
    scenario("access::first_login_on_the_console", Moment::Login, first_login_console::run),
    scenario("access::first_login_by_ssh_password", Moment::Login, first_login_ssh::by_password),
    scenario(
        "access::first_login_by_ssh_keyboard_interactive",
        Moment::Login,
        first_login_ssh::by_keyboard_interactive,
    ),
    scenario("access::other_doors_wait_for_the_first_login", Moment::Login, first_login_ssh::other_doors),
    scenario("access::second_administrator_resets_the_first", Moment::Shell, accounts::reset),
    scenario("access::appadmin_gets_no_shell", Moment::Shell, accounts::appadmin),
    scenario("access::no_way_round_the_shell", Moment::Shell, no_way_round::run),
    scenario("access::shell_over_ssh", Moment::Shell, shell::run),
    scenario("access::keys_by_upload", Moment::Shell, keys::run),
    scenario("access::ssh_algorithms_and_fingerprints", Moment::Shell, algorithms::run),
    scenario("access::lost_password", Moment::Shell, lost_password::run),
    scenario("access::banner_and_motd", Moment::Shell, texts::run),
];
