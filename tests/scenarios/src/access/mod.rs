//! Coming in, and not coming in.

use crate::{Scenario, scenario, stage::Moment};

pub mod accounts;
mod algorithms;
mod evicted;
mod first_login_console;
mod first_login_ssh;
mod hosts_and_hours;
pub mod keys;
mod lock_out;
mod lost_password;
mod no_way_round;
mod password_rules;
mod sessions;
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
    scenario("access::wrong_passwords_lock_and_time_or_an_administrator_unlocks", Moment::Shell, lock_out::run),
    scenario("access::the_network_locks_nobody_out_of_the_console", Moment::Shell, lock_out::last_administrator),
    scenario("access::accounts_are_bound_to_hosts_and_hours", Moment::Shell, hosts_and_hours::run),
    scenario("access::new_passwords_meet_the_rules", Moment::Shell, password_rules::run),
    scenario("access::an_evicted_user_is_gone", Moment::Shell, evicted::run),
    scenario("access::as_many_logins_as_the_rule_allows", Moment::Shell, sessions::run),
    scenario("access::keys_by_upload", Moment::Shell, keys::run),
    scenario("access::ssh_algorithms_and_fingerprints", Moment::Shell, algorithms::run),
    scenario("access::lost_password", Moment::Shell, lost_password::run),
    scenario("access::banner_and_motd", Moment::Shell, texts::run),
];
