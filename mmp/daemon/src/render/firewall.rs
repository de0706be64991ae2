//! The ruleset of the firewall (`mmp.md` section 8.3), in a table of its own.
//!
//! Rules are tried on every packet to a port, not only on the first of a connection, so that a login over a port that is
//! denied ends. What the appliance cannot live without passes before them: answers to what it asked itself, DHCP, and
//! the ICMP that path MTU, neighbour discovery and routers' advertisements need. Loopback meets no rule at all.
//!
//! Connections that were there before the rules are known to the kernel only from their next packet on, and then whoever
//! sends it counts as the one who began. For TCP the port tells: the appliance's own connections have high ports, its
//! services low ones.

use std::fmt::Write;

use mmp_model::firewall::{Firewall, InterfaceFirewall, Policy, Rule};

/// The table that mmpd owns.
const TABLE: &str = "inet firewall";

/// What passes whatever the rules say. The first local port for the kernel's choice is 32768 (ip(7),
/// `ip_local_port_range`).
const ALWAYS: &str = "    icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept
    icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-query } accept
    meta nfproto ipv4 udp sport 67 udp dport 68 accept
    ct direction reply ct state established tcp dport 32768-65535 accept
    ct direction reply ct state established udp sport { 53, 123 } accept
    ct direction reply ct state established meta l4proto { icmp, icmpv6 } accept
";

/// A script for `nft -f -` that replaces the table, or nothing while no firewall is enabled.
pub fn ruleset(firewall: &Firewall) -> String {
    let enabled = || firewall.interfaces.iter().filter(|(_, own)| own.enabled);
    if enabled().next().is_none() {
        return String::new();
    }
    let mut text = format!("{}table {TABLE} {{\n  chain always {{\n{ALWAYS}  }}\n", nothing());
    for (letter, own) in enabled() {
        write!(text, "  chain interface-{letter} {{\n    jump always\n{}  }}\n", rules(own)).expect("text takes text");
    }
    text.push_str("  chain input {\n    type filter hook input priority filter; policy accept;\n");
    for (letter, _) in enabled() {
        writeln!(text, "    iifname \"{letter}\" jump interface-{letter}").expect("text takes text");
    }
    text.push_str("  }\n}\n");
    text
}

/// A script that leaves no firewall.
pub fn nothing() -> String {
    format!("table {TABLE}\ndelete table {TABLE}\n")
}

fn rules(own: &InterfaceFirewall) -> String {
    let mut text: String = own.rules.iter().map(rule).collect();
    if own.default != Some(Policy::Allow) {
        text.push_str("    ct direction reply ct state established meta l4proto udp accept\n    drop\n");
    }
    text
}

fn rule(rule: &Rule) -> String {
    let from = rule.from.map(|subnet| format!("ip saddr {subnet} ")).unwrap_or_default();
    let (protocol, port) = (rule.service.transport().word(), rule.service.port());
    let verdict = match rule.policy {
        Policy::Allow => "accept",
        Policy::Deny => "drop",
    };
    format!("    {from}{protocol} dport {port} {verdict}\n")
}

#[cfg(test)]
mod tests {
    use mmp_model::{Letter, firewall::source};

    use super::*;

    fn firewall(default: Policy, enabled: bool) -> Firewall {
        let rule = |tag, policy, service: &str, from: Option<&str>| Rule {
            tag,
            policy,
            service: service.parse().unwrap(),
            from: from.map(|text| source(text).unwrap()),
        };
        let rules = vec![
            rule(0, Policy::Allow, "22", Some("192.0.2.0/24")),
            rule(1, Policy::Deny, "22", None),
            rule(2, Policy::Deny, "5060/udp", None),
        ];
        let own = InterfaceFirewall { enabled, default: Some(default), rules };
        Firewall { interfaces: [(Letter::A, own)].into() }
    }

    #[test]
    fn nothing_is_filtered_until_a_firewall_is_enabled() {
        assert_eq!(ruleset(&Firewall::default()), "");
        assert_eq!(ruleset(&firewall(Policy::Deny, false)), "");
    }

    #[test]
    fn rules_stand_in_order_between_what_always_passes_and_the_policy() {
        let text = ruleset(&firewall(Policy::Deny, true));
        let chain = "  chain interface-a {\n    jump always\n    ip saddr 192.0.2.0/24 tcp dport 22 accept\n    \
                     tcp dport 22 drop\n    udp dport 5060 drop\n    ct direction reply ct state established \
                     meta l4proto udp accept\n    drop\n  }\n";
        assert!(text.contains(chain), "{text}");
        assert!(text.contains("    iifname \"a\" jump interface-a\n") && text.starts_with(&nothing()));
        assert!(ruleset(&firewall(Policy::Allow, true)).contains("    udp dport 5060 drop\n  }\n"));
    }
}
