//! Forward zones, local records and DNSSEC trust anchors (`mmp.md` section 7).
//!
//! Invariant: a record is kept in the canonical one-line form that the parser printed, never as it was typed, so no
//! typed byte reaches a resolver's configuration unread.

use std::{fmt, net::IpAddr, str::FromStr};

use domain::{
    base::{
        iana::{Class, Rtype},
        name::ToName,
    },
    rdata::ZoneRecordData,
    zonefile::inplace::{Entry, Zonefile},
};
use serde::{Deserialize, Serialize};

use crate::{DomainName, InvalidValue, name::absolute, text_value};

/// Lifetime in seconds of a record typed without one.
const DEFAULT_TTL: &str = "3600";

/// A zone and one server that answers for it. Several servers are several forward zones of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardZone {
    /// The zone and everything below it; `.` for every name.
    pub domain: DomainName,
    /// The server to ask.
    pub server: IpAddr,
}

/// Settings of the family `dns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// In the order in which they were added.
    pub forward_zones: Vec<ForwardZone>,
    /// DS or DNSKEY records that validation starts from.
    pub trust_anchors: Vec<TrustAnchor>,
    /// Records answered to the appliance's own components.
    pub records: Vec<ResourceRecord>,
}

/// One resource record in canonical form, `owner. TTL IN TYPE data`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceRecord {
    owner: DomainName,
    kind: String,
    text: String,
}
text_value!(ResourceRecord);

impl ResourceRecord {
    /// The name that the record belongs to.
    pub fn owner(&self) -> &DomainName {
        &self.owner
    }

    /// Its type in upper case, as `SRV`.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

impl FromStr for ResourceRecord {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let parsed = canonical(text).ok_or_else(|| InvalidValue::new("Invalid resource record", text))?;
        Ok(Self { owner: parsed.owner, kind: parsed.kind.to_string(), text: parsed.text })
    }
}

impl fmt::Display for ResourceRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A DS or DNSKEY record in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustAnchor {
    zone: DomainName,
    key_tag: u16,
    text: String,
}
text_value!(TrustAnchor);

impl TrustAnchor {
    /// The zone whose keys it vouches for.
    pub fn zone(&self) -> &DomainName {
        &self.zone
    }

    /// The key's tag, RFC 4034 appendix B.
    pub fn key_tag(&self) -> u16 {
        self.key_tag
    }
}

impl FromStr for TrustAnchor {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid trust anchor", text);
        let parsed = canonical(text).ok_or_else(wrong)?;
        let key_tag = parsed.key_tag.ok_or_else(wrong)?;
        Ok(Self { zone: parsed.owner, key_tag, text: parsed.text })
    }
}

impl fmt::Display for TrustAnchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

struct Parsed {
    owner: DomainName,
    kind: Rtype,
    text: String,
    /// Of a DS or DNSKEY.
    key_tag: Option<u16>,
}

/// Reads a record whose canonical form is read as the same again. Some names with escapes are not, and settings that hold
/// one could be saved and never loaded.
fn canonical(text: &str) -> Option<Parsed> {
    let parsed = parse(text)?;
    let again = parse(&parsed.text)?;
    (again.owner == parsed.owner && again.kind == parsed.kind && again.text == parsed.text).then_some(parsed)
}

/// Reads one record in presentation form (RFC 1035 section 5.1) and prints it in canonical form. `None` when it is not
/// exactly one record of class IN on one line.
fn parse(text: &str) -> Option<Parsed> {
    if text.len() > 4096 || !text.bytes().all(|b| (b' '..=b'~').contains(&b)) || text.contains(['$', '(', ')', ';']) {
        return None;
    }
    let owner = text.split_whitespace().next().filter(|_| !text.starts_with(' '))?;
    // Without a final dot names would be relative to an origin that does not exist here, so one is given.
    let rest = text[owner.len()..].trim();
    let ttl = if rest.starts_with(|c: char| c.is_ascii_digit()) { "" } else { DEFAULT_TTL };
    let dot = if owner.ends_with('.') { "" } else { "." };
    let mut zone = Zonefile::new();
    zone.set_origin(domain::base::Name::root());
    zone.set_default_class(Class::IN);
    zone.extend_from_slice(format!("{owner}{dot} {ttl} {rest}\n").as_bytes());
    let Ok(Some(Entry::Record(record))) = zone.next_entry() else { return None };
    if !matches!(zone.next_entry(), Ok(None)) || record.class() != Class::IN {
        return None;
    }
    let kind = record.rtype();
    // Types that the format knows but that no zone holds, and unknown ones, stay out.
    if matches!(record.data(), ZoneRecordData::Unknown(_)) {
        return None;
    }
    let key_tag = match record.data() {
        ZoneRecordData::Ds(ds) => Some(ds.key_tag()),
        ZoneRecordData::Dnskey(key) => Some(key.key_tag()),
        _ => None,
    };
    let owner: DomainName = record.owner().to_name::<Vec<u8>>().to_string().parse().ok()?;
    let ttl = record.ttl().as_secs();
    let text = format!("{} {ttl} IN {kind} {}", owner.absolute(), absolute_names(record.data()));
    // A quote inside would end the string that a resolver's configuration puts around the record.
    (!text.contains('\n')).then_some(Parsed { owner, kind, text, key_tag })
}

/// The data in presentation form, with names written with their final dot.
fn absolute_names<N: fmt::Display, O: AsRef<[u8]>>(data: &ZoneRecordData<O, N>) -> String
where
    ZoneRecordData<O, N>: fmt::Display,
{
    match data {
        ZoneRecordData::Srv(srv) => {
            format!("{} {} {} {}", srv.priority(), srv.weight(), srv.port(), absolute(srv.target()))
        }
        ZoneRecordData::Cname(name) => absolute(name.cname()),
        ZoneRecordData::Ptr(name) => absolute(name.ptrdname()),
        ZoneRecordData::Ns(name) => absolute(name.nsdname()),
        ZoneRecordData::Mx(mx) => format!("{} {}", mx.preference(), absolute(mx.exchange())),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_documented_record_is_kept_in_canonical_form() {
        let record: ResourceRecord = "_sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com.".parse().unwrap();
        assert_eq!(record.to_string(), "_sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com.");
        assert_eq!((record.owner().as_str(), record.kind()), ("_sip._tcp.example.com", "SRV"));
        let short: ResourceRecord = "cms.example.com A 192.0.2.10".parse().unwrap();
        assert_eq!(short.to_string(), "cms.example.com. 3600 IN A 192.0.2.10");
        assert_eq!(short.to_string().parse::<ResourceRecord>().unwrap(), short);
    }

    #[test]
    fn what_is_not_one_record_is_refused() {
        for bad in [
            "",
            "example.com.",
            "example.com. IN A",
            "example.com. IN A 192.0.2.300",
            "example.com. CH A 192.0.2.1",
            "a. IN A 192.0.2.1\nb. IN A 192.0.2.2",
            "$INCLUDE /etc/passwd",
            " IN A 192.0.2.1",
            "a. IN TYPE65280 \\# 1 00",
            // Its name is printed in a form that nobody reads again.
            r#"a. IN SRV 0 5 5060 b\\\".c."#,
        ] {
            assert!(bad.parse::<ResourceRecord>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn trust_anchors_are_ds_or_dnskey() {
        let digest = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
        let anchor: TrustAnchor = format!(". IN DS 20326 8 2 {digest}").parse().unwrap();
        assert_eq!((anchor.zone().as_str(), anchor.key_tag()), (".", 20326));
        assert_eq!(anchor.to_string().parse::<TrustAnchor>().unwrap(), anchor);
        assert!("example.com. IN A 192.0.2.1".parse::<TrustAnchor>().is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_print_two_lines(text in "\\PC*|[a-z. 0-9A\"\\\\$;()@]{0,60}") {
            if let Ok(record) = text.parse::<ResourceRecord>() {
                prop_assert!(!record.to_string().contains('\n'));
            }
            let _ = text.parse::<TrustAnchor>();
        }
    }
}
