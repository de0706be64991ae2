//! `dns` (`mmp.md` section 7).

use mmp_model::dns::Dns;

/// Forward zones, trust anchors and records, `none` where there are none.
pub fn show(dns: &Dns) -> String {
    let zones = dns.forward_zones.iter().map(|zone| format!("{:<25} {}", zone.domain.as_str(), zone.server)).collect();
    let anchors = dns.trust_anchors.iter().map(ToString::to_string).collect();
    let records = dns.records.iter().map(ToString::to_string).collect();
    [block("Forward zones:", zones), block("Trust anchors:", anchors), block("Resource records:", records)].join("\n")
}

fn block(title: &str, lines: Vec<String>) -> String {
    let lines = if lines.is_empty() { vec!["none".to_owned()] } else { lines };
    lines.into_iter().fold(title.to_owned(), |text, line| text + "\n    " + &line)
}

#[cfg(test)]
mod tests {
    use mmp_model::dns::ForwardZone;

    use super::*;

    #[test]
    fn the_block_is_as_documented() {
        let zone = |domain: &str, server: &str| ForwardZone {
            domain: domain.parse().unwrap(),
            server: server.parse().unwrap(),
        };
        let mut dns =
            Dns { forward_zones: vec![zone(".", "192.0.2.53"), zone("example.com", "192.0.2.54")], ..Dns::default() };
        insta::assert_snapshot!(show(&dns), @r"
        Forward zones:
            .                         192.0.2.53
            example.com               192.0.2.54
        Trust anchors:
            none
        Resource records:
            none
        ");
        dns.records.push("_sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com.".parse().unwrap());
        assert!(show(&dns).ends_with("\n    _sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com."));
    }
}
