//! `dns` (`mmp.md` section 7).

use std::net::IpAddr;

use mmp_control::{
    Request,
    request::{Dns, Live, LookupType},
};
use mmp_model::{
    DomainName, InvalidValue,
    dns::{ForwardZone, ResourceRecord, TrustAnchor},
};

use crate::{
    action::Action,
    table::{Command, Family, Part, Value, checked, choice, group, literal, value, word},
};

const ADD: Part = group("add", "Add a forward zone, a trust anchor or a record");
const DEL: Part = group("del", "Remove a forward zone, a trust anchor or a record");
const DOMAIN: Value = value::<DomainName>("<domain>", "Zone with everything below it, or . for all names");
const SERVER: Value =
    checked("<server-ip>", "Address of the server that answers for the zone", |w| server(w).map(drop));

/// `dns`.
pub static DNS: Family = Family {
    name: "dns",
    summary: "Show and configure name resolution",
    details: &[
        "All changes apply at once. The longest matching zone wins; a zone may have several servers.",
        "Records of 'add rr' answer the appliance's own components only: OWNER [TTL] CLASS TYPE DATA.",
    ],
    commands: &[
        Command::show(&[], "Show forward zones, trust anchors and records", "dns", |_| ask(Dns::Show)),
        Command::set(
            &[ADD, word("forwardzone"), DOMAIN.part(), SERVER.part()],
            "Send a zone's names to a server",
            "dns add forwardzone . 192.0.2.53",
            |v| ask(Dns::AddZone(zone(v)?)),
        ),
        Command::set(
            &[
                DEL,
                word("forwardzone"),
                DOMAIN.live(Live::ForwardZones).part(),
                SERVER.live_second(Live::ForwardZones).part(),
            ],
            "Remove a server from a zone",
            "dns del forwardzone . 192.0.2.53",
            |v| ask(Dns::DelZone(zone(v)?)),
        ),
        Command::set(
            &[
                ADD,
                word("trustanchor"),
                value::<TrustAnchor>("<\"DS or DNSKEY resource record\">", "Key that DNSSEC validation starts from")
                    .rest(),
            ],
            "Add a trust anchor and validate what is below it",
            "dns add trustanchor \". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"",
            |v| ask(Dns::AddAnchor(v[0].parse()?)),
        ),
        Command::set(
            &[
                DEL,
                word("trustanchor"),
                value::<DomainName>("<zone>", "Zone of the trust anchor").live(Live::TrustAnchors).part(),
                checked("<key-tag>", "Its key tag, 0 to 65535", |w| key_tag(w).map(drop))
                    .live_second(Live::TrustAnchors)
                    .part(),
            ],
            "Remove a trust anchor",
            "dns del trustanchor . 20326",
            |v| ask(Dns::DelAnchor(v[0].parse()?, key_tag(&v[1])?)),
        ),
        Command::set(
            &[
                ADD,
                word("rr"),
                value::<ResourceRecord>("<\"resource record\">", "Record: OWNER [TTL] CLASS TYPE DATA").rest(),
            ],
            "Add a record for the appliance itself",
            "dns add rr \"_sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com.\"",
            |v| ask(Dns::AddRecord(v[0].parse()?)),
        ),
        Command::set(
            &[
                DEL,
                word("rr"),
                value::<DomainName>("<owner-name>", "Name of the records").live(Live::Records).part(),
                checked("<type>", "Type of the records, such as A or SRV", |w| record_type(w).map(drop))
                    .live_second(Live::Records)
                    .part(),
            ],
            "Remove a name's records of one type",
            "dns del rr _sip._tcp.example.com. SRV",
            |v| ask(Dns::DelRecord(v[0].parse()?, record_type(&v[1])?)),
        ),
        Command::show(
            &[
                word("lookup"),
                choice(
                    "(a|aaaa|srv)",
                    "Type of the records",
                    &[
                        literal("a", "IPv4 addresses"),
                        literal("aaaa", "IPv6 addresses"),
                        literal("srv", "Services, with the addresses of their targets"),
                    ],
                ),
                value::<DomainName>("<name>", "Name to look up").part(),
            ],
            "Look a name up as the appliance does",
            "dns lookup srv _sip._tcp.example.com",
            |v| {
                let kind = match v[0].as_str() {
                    "a" => LookupType::A,
                    "aaaa" => LookupType::Aaaa,
                    _ => LookupType::Srv,
                };
                ask(Dns::Lookup(kind, v[1].parse()?))
            },
        ),
        Command::set(&[word("flush")], "Empty the cache", "dns flush", |_| ask(Dns::Flush)),
    ],
};

fn ask(ask: Dns) -> Result<Action, InvalidValue> {
    Ok(Request::Dns(ask).into())
}

fn zone(values: &[String]) -> Result<ForwardZone, InvalidValue> {
    Ok(ForwardZone { domain: values[0].parse()?, server: server(&values[1])? })
}

fn server(word: &str) -> Result<IpAddr, InvalidValue> {
    word.parse().map_err(|_| InvalidValue::new("Invalid IP address", word))
}

fn key_tag(word: &str) -> Result<u16, InvalidValue> {
    let digits = word.bytes().all(|b| b.is_ascii_digit());
    word.parse().ok().filter(|_| digits).ok_or_else(|| InvalidValue::new("Invalid key tag", word))
}

fn record_type(word: &str) -> Result<String, InvalidValue> {
    let plain = (1..=16).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && word.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain { Ok(word.to_ascii_uppercase()) } else { Err(InvalidValue::new("Invalid record type", word)) }
}
