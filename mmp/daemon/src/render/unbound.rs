//! The resolver's configuration: forward zones, local records, trust anchors (`mmp.md` section 7).
//!
//! unbound answers the appliance's own programs on loopback only, and runs only while something is configured.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{Display, Write},
    path::PathBuf,
};

use mmp_model::dns::Dns;

use super::{File, Files};

/// Where the unit's command line points.
pub const CONFIG: &str = "/run/mmpd/unbound/unbound.conf";
/// Where unbound listens for `reload` and `flush`.
pub const CONTROL: &str = "/run/unbound/control.sock";

/// The configuration, or nothing while nothing is configured.
pub fn files(dns: &Dns) -> Files {
    if *dns == Dns::default() {
        return Files::new();
    }
    [(PathBuf::from(CONFIG), File::readable(config(dns)))].into()
}

fn config(dns: &Dns) -> String {
    let modules = if dns.trust_anchors.is_empty() { "iterator" } else { "validator iterator" };
    let mut text = format!(
        "server:\n    username: \"\"\n    chroot: \"\"\n    directory: \"/\"\n    pidfile: \"\"\n    do-daemonize: no\n    \
         use-syslog: no\n    log-time-ascii: no\n    interface: 127.0.0.1\n    interface: ::1\n    \
         access-control: 127.0.0.0/8 allow\n    access-control: ::1 allow\n    num-threads: 1\n    \
         msg-cache-size: 1m\n    rrset-cache-size: 2m\n    key-cache-size: 1m\n    neg-cache-size: 256k\n    \
         outgoing-range: 64\n    num-queries-per-thread: 32\n    so-rcvbuf: 0\n    \
         do-not-query-localhost: no\n    unblock-lan-zones: yes\n    insecure-lan-zones: yes\n    \
         hide-identity: yes\n    hide-version: yes\n    qname-minimisation: yes\n    module-config: \"{modules}\"\n"
    );
    for anchor in &dns.trust_anchors {
        line(&mut text, "trust-anchor", quoted(anchor));
    }
    let owners: BTreeSet<_> = dns.records.iter().map(|record| record.owner().absolute()).collect();
    for owner in owners {
        // Other types of the same name are still asked for outside.
        line(&mut text, "local-zone", format!("{owner} typetransparent"));
    }
    for record in &dns.records {
        line(&mut text, "local-data", quoted(record));
    }
    text.push_str("remote-control:\n    control-enable: yes\n    control-use-cert: no\n");
    line(&mut text, "control-interface", CONTROL);
    let mut zones: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for zone in &dns.forward_zones {
        zones.entry(zone.domain.absolute()).or_default().push(zone.server);
    }
    for (domain, servers) in zones {
        text.push_str("forward-zone:\n");
        line(&mut text, "name", format!("\"{domain}\""));
        for server in servers {
            line(&mut text, "forward-addr", server);
        }
    }
    text
}

fn line(text: &mut String, key: &str, value: impl Display) {
    writeln!(text, "    {key}: {value}").expect("text takes text");
}

/// In single quotes, as the record itself may hold double ones; a single quote becomes its RFC 1035 escape.
fn quoted(record: impl Display) -> String {
    format!("'{}'", record.to_string().replace('\'', "\\039"))
}

#[cfg(test)]
mod tests {
    use mmp_model::dns::ForwardZone;

    use super::*;

    fn zone(domain: &str, server: &str) -> ForwardZone {
        ForwardZone { domain: domain.parse().unwrap(), server: server.parse().unwrap() }
    }

    #[test]
    fn without_settings_there_is_no_resolver() {
        assert!(files(&Dns::default()).is_empty());
    }

    #[test]
    fn a_zone_with_two_servers_is_one_zone() {
        let dns = Dns {
            forward_zones: vec![zone(".", "192.0.2.53"), zone("example.com", "192.0.2.54"), zone(".", "192.0.2.55")],
            ..Dns::default()
        };
        let text = config(&dns);
        assert!(text.contains("    name: \".\"\n    forward-addr: 192.0.2.53\n    forward-addr: 192.0.2.55\n"));
        assert!(text.contains("    name: \"example.com.\"\n    forward-addr: 192.0.2.54\n"));
        assert_eq!(text.matches("forward-zone:").count(), 2);
        assert!(text.contains("module-config: \"iterator\""));
    }

    #[test]
    fn a_quote_in_a_record_cannot_end_it() {
        let dns = Dns { records: vec!["a.example.com. IN TXT \"it's\"".parse().unwrap()], ..Dns::default() };
        let text = config(&dns);
        let data = text.lines().find(|l| l.contains("local-data")).unwrap();
        assert_eq!(data.matches('\'').count(), 2, "{data}");
        assert!(text.contains("local-zone: a.example.com. typetransparent"));
    }
}
