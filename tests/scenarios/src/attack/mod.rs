//! What somebody tries who wants more than he was given.

use crate::{Scenario, scenario, stage::Moment};

mod forwarded;
mod packets;
mod roles;
mod secrets;
mod socket;
mod ssh;
mod terminals;

pub const ALL: &[Scenario] = &[
    scenario("attack::other_roles_reach_nothing", Moment::Shell, roles::run),
    scenario("attack::ssh_gives_the_shell_and_nothing_else", Moment::Shell, ssh::run),
    scenario("attack::hostile_sftp_packets", Moment::Shell, packets::run),
    scenario("attack::agent_and_screen_stay_at_home", Moment::Inside, forwarded::run),
    scenario("attack::no_process_shows_a_secret", Moment::Inside, secrets::run),
    scenario("attack::nonsense_at_the_control_socket", Moment::Inside, socket::run),
    scenario("attack::nothing_steers_a_terminal", Moment::Shell, terminals::run),
];
