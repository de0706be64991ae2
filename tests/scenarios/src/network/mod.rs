//! Interfaces, addresses and marks.

use crate::{Scenario, scenario, stage::Moment};

mod cancelled_ping;
pub mod dscp_marks;
mod firewall;
mod ipv6;
mod letters;
mod link;
mod no_network;
mod pcap;
mod static_address;
mod subnets;

pub const ALL: &[Scenario] = &[
    scenario("network::dhcp_gives_an_address", Moment::Shell, static_address::dhcp),
    scenario("network::static_address_replaces_dhcp", Moment::Shell, static_address::run),
    scenario("network::same_subnet_twice_is_refused", Moment::Shell, subnets::run),
    scenario("network::cable_out_and_in", Moment::Shell, link::run),
    scenario("network::boot_without_a_network", Moment::Shell, no_network::run),
    scenario("network::ipv6_by_advertisement_and_by_hand", Moment::Shell, ipv6::run),
    scenario("network::denied_port_ends_logins", Moment::Shell, firewall::denied_port),
    scenario("network::default_deny_from_the_first_moment_on", Moment::Shell, firewall::default_deny),
    scenario("network::capture_to_a_file", Moment::Shell, pcap::run),
    scenario("network::ping_is_cancelled", Moment::Shell, cancelled_ping::run),
    scenario("network::dscp_of_ssh_dns_and_ntp", Moment::Shell, dscp_marks::run),
    scenario("network::two_nics_are_a_and_b", Moment::Shell, letters::two),
    scenario("network::four_nics_are_a_to_d", Moment::Own, letters::four),
];
