//! The ruleset that marks management packets with the class of `oam` (`mmp.md` section 8.2).
//!
//! Calls and media mark their own sockets, as they know what a packet carries; SSH, DNS and NTP are other people's
//! programs, so their packets are marked by port on the way out, and those of Web Admin with them. Loopback is left
//! alone.

use mmp_model::{
    dscp::{CodePoint, Dscp, TrafficType},
    webadmin::Webadmin,
};

/// The table that mmpd owns.
const TABLE: &str = "inet dscp";

/// A script for `nft -f -` that replaces the table, or nothing while no class is set.
pub fn ruleset(dscp: &Dscp, webadmin: &Webadmin) -> String {
    let web = webadmin.listen.filter(|_| webadmin.enabled).map(|listen| listen.port.number());
    let ipv4 = rules("ip", "nfproto ipv4", dscp.ipv4.get(&TrafficType::Oam), web);
    let ipv6 = rules("ip6", "nfproto ipv6", dscp.ipv6.get(&TrafficType::Oam), web);
    if ipv4.is_empty() && ipv6.is_empty() {
        return String::new();
    }
    format!(
        "table {TABLE}\ndelete table {TABLE}\ntable {TABLE} {{\n  chain output {{\n    \
         type route hook output priority mangle; policy accept;\n    oifname \"lo\" accept\n{ipv4}{ipv6}  }}\n}}\n"
    )
}

/// A script that leaves nothing marked.
pub fn nothing() -> String {
    format!("table {TABLE}\ndelete table {TABLE}\n")
}

fn rules(header: &str, family: &str, class: Option<&CodePoint>, web: Option<u16>) -> String {
    let Some(class) = class else { return String::new() };
    let set = format!("{header} dscp set {class}");
    // SSH and SFTP answer from 22; DNS and NTP ask towards 53 and 123.
    let web = web.map(|port| format!("tcp sport {port}"));
    let packets = ["tcp sport 22", "udp dport { 53, 123 }", "tcp dport 53"].into_iter().chain(web.as_deref());
    packets.map(|packets| format!("    meta {family} {packets} {set}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_marked_until_oam_has_a_class() {
        let mut dscp = Dscp::default();
        dscp.ipv4.insert(TrafficType::Voice, "46".parse().unwrap());
        assert_eq!(ruleset(&dscp, &Webadmin::default()), "");
    }

    #[test]
    fn each_version_has_its_own_class() {
        let mut dscp = Dscp::default();
        dscp.ipv4.insert(TrafficType::Oam, "0x10".parse().unwrap());
        let mut webadmin = Webadmin::default();
        let port = "445".parse().unwrap();
        webadmin.listen = Some(mmp_model::webadmin::Listen { interface: mmp_model::Letter::A, port });
        assert!(!ruleset(&dscp, &webadmin).contains("445"), "it is off");
        webadmin.enabled = true;
        let text = ruleset(&dscp, &webadmin);
        assert!(text.contains("meta nfproto ipv4 tcp sport 445 ip dscp set 0x10\n"));
        assert!(text.contains("meta nfproto ipv4 tcp sport 22 ip dscp set 0x10\n"));
        assert!(!text.contains("ipv6"));
    }
}
