//! Changes of forward zones, trust anchors and local records (`mmp.md` section 7).

use mmp_control::{Kind, Refusal, Reply, request::Dns as Ask};
use mmp_model::dns::Dns;

/// Servers of one zone, more than any resolver tries.
const MAX_ZONES: usize = 64;
/// Local records.
const MAX_RECORDS: usize = 256;

pub fn change(dns: &mut Dns, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    let done = match ask {
        Ask::Show | Ask::Lookup(..) | Ask::Flush => return None,
        Ask::AddZone(zone) => add(&mut dns.forward_zones, zone, MAX_ZONES, "Forward zone"),
        Ask::DelZone(zone) => del(&mut dns.forward_zones, |other| other == zone, "forward zone"),
        Ask::AddAnchor(anchor) => add(&mut dns.trust_anchors, anchor, MAX_ZONES, "Trust anchor"),
        Ask::DelAnchor(zone, tag) => {
            del(&mut dns.trust_anchors, |a| a.zone() == zone && a.key_tag() == *tag, "trust anchor")
        }
        Ask::AddRecord(record) => add(&mut dns.records, record, MAX_RECORDS, "Resource record"),
        Ask::DelRecord(owner, kind) => {
            del(&mut dns.records, |r| r.owner() == owner && r.kind().eq_ignore_ascii_case(kind), "resource record")
        }
    };
    Some(done.map(|()| Reply::Nothing))
}

fn add<T: PartialEq + Clone>(list: &mut Vec<T>, item: &T, limit: usize, what: &str) -> Result<(), Refusal> {
    if list.contains(item) {
        return Err(Refusal::new(Kind::Conflict, format!("{what} already exists")).hint("see `dns`"));
    }
    if list.len() >= limit {
        return Err(Refusal::new(Kind::Conflict, format!("Maximum of {limit}: {what} not added")).hint("see `dns`"));
    }
    list.push(item.clone());
    Ok(())
}

fn del<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool, what: &str) -> Result<(), Refusal> {
    let before = list.len();
    list.retain(|item| !is_it(item));
    if list.len() == before {
        return Err(Refusal::new(Kind::Absent, format!("No such {what}")).hint("see `dns`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;
    use mmp_model::dns::ForwardZone;

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    fn zone(server: &str) -> ForwardZone {
        ForwardZone { domain: ".".parse().unwrap(), server: server.parse().unwrap() }
    }

    #[test]
    fn one_zone_takes_several_servers_but_none_twice() {
        let add = |server| Request::Dns(Ask::AddZone(zone(server)));
        let settings = after(&[add("192.0.2.53"), add("192.0.2.54")]);
        assert_eq!(settings.dns.forward_zones.len(), 2);
        assert_eq!(refused(&settings, &add("192.0.2.53")), "Forward zone already exists");
        assert_eq!(refused(&clean(), &Request::Dns(Ask::DelZone(zone("192.0.2.53")))), "No such forward zone");
    }

    #[test]
    fn records_go_by_owner_and_type() {
        let add = |text: &str| Request::Dns(Ask::AddRecord(text.parse().unwrap()));
        let del = |kind: &str| Request::Dns(Ask::DelRecord("a.example.com".parse().unwrap(), kind.into()));
        let set = [
            add("a.example.com. IN A 192.0.2.1"),
            add("a.example.com. IN A 192.0.2.2"),
            add("a.example.com. IN TXT x"),
        ];
        let settings = after(&[set.as_slice(), &[del("A")]].concat());
        assert_eq!(settings.dns.records.len(), 1);
        assert_eq!(refused(&settings, &del("A")), "No such resource record");
    }
}
