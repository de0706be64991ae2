//! What must hold for the whole table.

use mmp_control::{
    Request,
    request::{self, Dns, Ipv4, Ntp, User},
};
use mmp_model::Role;
use proptest::prelude::*;

use super::ALL;
use crate::{Action, Command, Family, Mistake, complete, hint, loggable, parse, table::Part, tokens::tokens};

fn commands() -> impl Iterator<Item = (&'static Family, &'static Command)> {
    ALL.iter().flat_map(|family| family.commands.iter().map(|command| (*family, command)))
}

fn request(line: &str) -> Request {
    match parse(line, Role::Admin).unwrap_or_else(|e| panic!("{line}: {e:?}")).action {
        Action::Request(request) => request,
        other => panic!("{line}: {other:?}"),
    }
}

fn refusal(line: &str) -> String {
    match parse(line, Role::Admin) {
        Err(error) => {
            assert!(line.get(error.span.clone()).is_some(), "{line}: {:?}", error.span);
            error.message(Role::Admin)
        }
        Ok(parsed) => panic!("{line}: {parsed:?}"),
    }
}

#[test]
fn every_example_is_parsed_into_the_command_that_documents_it() {
    for (family, command) in commands() {
        let parsed = parse(command.example, Role::Admin).unwrap_or_else(|e| panic!("{}: {e:?}", command.example));
        let documented = parsed.condition.as_ref().map_or(parsed.command, |condition| condition.command);
        assert!(std::ptr::eq(documented, command), "{} is {}", command.example, family.usage(parsed.command));
        assert!(command.permits(Role::Admin), "{}", command.example);
    }
}

#[test]
fn no_two_forms_look_alike() {
    for family in ALL {
        let mut forms: Vec<_> = family.commands.iter().map(|command| family.usage(command)).collect();
        forms.sort();
        let all = forms.len();
        forms.dedup();
        assert_eq!(forms.len(), all, "{}", family.name);
        // Two forms of one length differ in a word that only one of them takes as it is written.
        for (index, one) in family.commands.iter().enumerate() {
            for other in &family.commands[index + 1..] {
                let same = one.parts.len() == other.parts.len();
                let apart = one.parts.iter().zip(other.parts).any(|(a, b)| {
                    a.words().iter().any(|w| !b.is_literal(w.text)) || b.words().iter().any(|w| !a.is_literal(w.text))
                });
                assert!(!same || apart, "{} and {}", family.usage(one), family.usage(other));
            }
        }
    }
}

#[test]
fn every_text_is_one_line_and_says_something() {
    let one_line = |text: &str| !text.is_empty() && !text.contains('\n') && text.len() <= 110 && !text.ends_with('.');
    for (family, command) in commands() {
        assert!(one_line(family.summary) && one_line(command.summary), "{}", command.example);
        for part in command.parts {
            assert!(one_line(part.usage()));
            match part {
                Part::Keyword(word) => {
                    let sharing = family.commands.iter().filter(|c| c.parts.iter().any(|p| p.is_literal(word.text)));
                    assert!(!word.about.is_empty() || sharing.count() == 1 || word.text != "route", "{}", word.text);
                }
                Part::Value(value) | Part::Rest(value) | Part::Many(value) => {
                    assert!(one_line(value.about), "{}", value.usage);
                    assert!(value.words.iter().all(|word| one_line(word.about)), "{}", value.usage);
                    assert!(value.check.is_some() || !value.words.is_empty(), "{} takes nothing", value.usage);
                }
            }
        }
    }
}

#[test]
fn every_choice_that_is_listed_has_its_line() {
    for (_, command) in commands() {
        for (at, _) in command.example.match_indices(' ') {
            for choice in complete(command.example, at + 1, Role::Admin).choices {
                assert!(!choice.about.is_empty(), "{} at {at}: {}", command.example, choice.text);
            }
        }
    }
}

#[test]
fn wrong_values_are_refused_with_the_documented_line() {
    for (line, expected) in [
        ("iface f", "Invalid interface: f"),
        ("iface A mtu 1400", "Invalid interface: A"),
        ("iface a mtu 9000", "Invalid MTU: 9000"),
        ("iface a 42 full", "Invalid speed: 42"),
        ("ipv4 f", "Invalid interface: f"),
        ("ipv4 a add 192.0.2.300/24 192.0.2.1", "Invalid IP address: 192.0.2.300"),
        ("ipv4 a add 192.0.2.10/33 192.0.2.1", "Invalid prefix length: 33"),
        ("ipv4 a add 192.0.2.10 192.0.2.1", "Invalid prefix length: "),
        ("ipv4 a add 192.0.2.10/24 x", "Invalid IP address: x"),
        ("ipv4 a route add 192.0.2.0/x", "Invalid prefix length: x"),
        ("ipv6 a add 2001:db8::10/129", "Invalid prefix length: 129"),
        ("ipv6 a add fe80::1/64", "Invalid IP address: fe80::1"),
        ("ipv6 a del 192.0.2.1", "Invalid IP address: 192.0.2.1"),
        ("ipv6 a router add ff02::2", "Invalid IP address: ff02::2"),
        ("dns add forwardzone . x", "Invalid IP address: x"),
        ("dns add forwardzone a..b 192.0.2.53", "Invalid domain name: a..b"),
        ("dns add rr \"x\"", "Invalid resource record: x"),
        ("dns del rr example.com. !", "Invalid record type: !"),
        ("dns del trustanchor . 65536", "Invalid key tag: 65536"),
        ("dns add trustanchor example.com. IN A 192.0.2.1", "Invalid trust anchor: example.com. IN A 192.0.2.1"),
        ("ping 192.0.2", "Invalid IP address: 192.0.2"),
        ("dscp 4 fax 3", "Invalid traffic type: fax"),
        ("dscp 4 voice 64", "Invalid DSCP value: 64"),
        ("firewall a deny 0", "Invalid port: 0"),
        ("firewall a deny 22/icmp", "Invalid port: 22/icmp"),
        ("firewall a deny 22 from 2001:db8::1", "Invalid IP address: 2001:db8::1"),
        ("firewall a delete x", "Invalid tag: x"),
        ("hostname -x", "Invalid host name: -x"),
        ("ntp server add 1.2.3", "Invalid IP address: 1.2.3"),
        ("ntp groupkey ../x", "Invalid file name: ../x"),
        ("timezone Europe/../x", "Invalid timezone: Europe/../x"),
        ("date set 2026-02-30 10:00", "Invalid date: 2026-02-30"),
        ("date set 2026-02-28 25:00", "Invalid time: 25:00"),
        ("pki csr hostname,,,  CN:a", "Invalid base name: hostname,,,"),
        ("pki csr one CN:a XX:b", "Unknown attribute: XX:b"),
        ("pki csr one O:Example", "CN must be specified: CN:<name>"),
        ("pki csr one CN:a subjectAltName:a,,b", "Invalid alternative name: "),
        ("pki selfsigned one.key", "Invalid base name: one.key"),
        ("pki inspect ../x", "Invalid file name: ../x"),
        ("user add root boss", "Invalid role: boss"),
        ("user add 1x admin", "Invalid user name: 1x"),
        ("user duty bob Mo1200", "Invalid duty hours: Mo1200"),
        ("user host bob add 192.0.2", "Invalid IP address: 192.0.2"),
        ("user rule speed 3", "Invalid rule: speed"),
        ("user rule max_idle 0", "Invalid value (1 to 9999 days, or none): 0"),
        ("user rule max_idle yes", "Invalid value: yes"),
        ("user rule no_username 1", "Invalid value (true, false or none): 1"),
        ("backup snapshot a.b", "Invalid backup name: a.b"),
        ("backup rollback a.json", "Invalid backup name: a.json"),
        ("help fax", "Unknown command: fax"),
        ("fax", "Unknown command: fax\nType 'help' for a list of commands"),
        ("syslog server add x 0", "Invalid port: 0"),
        ("syslog server add 192.0.2", "Invalid IP address: 192.0.2"),
        ("syslog tail 0", "Invalid number of lines: 0"),
        ("dns \"x", "Missing closing quote"),
    ] {
        assert_eq!(refusal(line), expected, "{line}");
    }
}

#[test]
fn missing_and_surplus_words_get_the_usage_block_and_the_reason() {
    let usage = "Show and set the host name\nUsage:\n   hostname\n   hostname <name>";
    assert_eq!(refusal("hostname a b"), usage);
    let hint = |line: &str| parse(line, Role::Admin).unwrap_err().hint().unwrap_or_default();
    assert!(
        refusal("ipv4 a add").starts_with("Show and configure IPv4 on network interfaces\nUsage:\n   ipv4 <interface>")
    );
    assert_eq!(hint("ipv4 a add"), "Still missing: <address>/<prefix length>");
    assert_eq!(hint("ipv4 a en"), "'en' is not known here. Did you mean 'enable'?");
    assert_eq!(hint("hostname a b"), "Nothing is expected at 'b'");
    assert_eq!(hint("ivp4 a"), "Did you mean 'ipv4'?");
    assert_eq!(hint("ipv4 a route"), "Still missing: add del");
    assert!(refusal("dscp 5 voice 3").contains("dscp (4|6) <traffic-type> (<value>|none)"));
}

#[test]
fn lines_become_the_requests_that_they_name() {
    assert_eq!(request("ipv4 a add 10.0.2.15/24 10.0.2.2"), {
        let prefix = "10.0.2.15/24".parse().unwrap();
        Request::Ipv4("a".parse().unwrap(), Ipv4::Add(prefix, "10.0.2.2".parse().unwrap()))
    });
    assert_eq!(request("ipv6 a del 2001:db8::10/64"), request("ipv6 a del 2001:db8::10"));
    let mut record = "sip.example.com. 3600 IN A 192.0.2.1".parse().unwrap();
    for line in ["dns add rr \"sip.example.com. IN A 192.0.2.1\"", "dns add rr sip.example.com. IN A 192.0.2.1"] {
        assert_eq!(request(line), Request::Dns(Dns::AddRecord(record)), "{line}");
        record = "sip.example.com. 3600 IN A 192.0.2.1".parse().unwrap();
    }
    for line in ["dns add rr x.example.com. IN TXT \"a b\"", "dns add rr \"x.example.com. IN TXT \\\"a b\\\"\""] {
        let Request::Dns(Dns::AddRecord(text)) = request(line) else { panic!("{line}") };
        assert_eq!(text.to_string(), "x.example.com. 3600 IN TXT \"a b\"", "{line}");
    }
    assert_eq!(request("dns del rr x.example.com. srv"), {
        Request::Dns(Dns::DelRecord("x.example.com".parse().unwrap(), "SRV".into()))
    });
    assert_eq!(request("ntp groupkey none"), Request::Ntp(Ntp::GroupKey(None)));
    assert_eq!(request("ntp autokey enable"), Request::Ntp(Ntp::Autokey(true)));
    assert_eq!(request("timezone list"), Request::Timezone(request::Timezone::List));
    assert_eq!(request("date set 10/05/26 13:04"), Request::Date(request::Date::Set(1_791_205_440)));
    assert_eq!(request("user list"), Request::User(User::List));
    assert_eq!(request("user rule"), Request::User(User::Rules));
    // A bar inside a word is not a filter.
    let duty = "MoTu1200-1400|We1400-1500";
    let set = |line: &str| match request(line) {
        Request::User(User::Duty(_, duty)) => duty.map(|duty| duty.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(set(&format!("user duty bob {duty}")).as_deref(), Some(duty));
    assert_eq!(set("user duty bob none"), None);
    assert!(matches!(request("dscp 4 voice none"), Request::Dscp(request::Dscp::Set(_, _, None))));
}

#[test]
fn flags_and_filters_stand_anywhere_after_the_family() {
    let parsed = parse("ipv4 --json a | include 192 | count", Role::Admin).unwrap();
    assert!(parsed.json && parsed.filters.len() == 2 && parsed.filters[0].text == "192");
    assert!(parse("reboot --yes", Role::Admin).unwrap().yes);
    assert_eq!(parse("reboot --json", Role::Admin).unwrap_err().mistake, Mistake::NothingToShow);
    for wrong in ["dns |", "dns | grep x", "dns | include", "dns | include a b", "dns | count 3"] {
        assert_eq!(parse(wrong, Role::Admin).unwrap_err().mistake, Mistake::Filter, "{wrong}");
    }
}

#[test]
fn a_question_mark_at_the_end_lists_and_at_the_start_is_help() {
    assert!(matches!(parse("ipv4 a ?", Role::Admin).unwrap().action, Action::List(line) if line == "ipv4 a "));
    assert!(matches!(parse("?", Role::Admin).unwrap().action, Action::Help(None)));
    assert!(matches!(parse("? dns", Role::Admin).unwrap().action, Action::Help(Some(f)) if f.name == "dns"));
}

fn texts(line: &str, role: Role) -> Vec<String> {
    complete(line, line.len(), role).choices.into_iter().map(|choice| choice.text).collect()
}

#[test]
fn completion_offers_what_may_follow() {
    assert_eq!(texts("ip", Role::Admin), ["ipv4", "ipv6"]);
    assert_eq!(
        texts("ipv4 a ", Role::Admin),
        ["<Enter>", "--json", "|", "add", "del", "dhcp", "enable", "disable", "default", "route"]
    );
    assert_eq!(texts("ipv4 a de", Role::Admin), ["del", "default"]);
    assert_eq!(
        texts("dscp 4 voice ", Role::Admin),
        ["<value>", "none"].map(String::from).into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(texts("timezone list ", Role::Admin), ["<Enter>", "--json", "|"]);
    assert_eq!(texts("dns | ", Role::Admin), ["include", "exclude", "count"]);
    assert_eq!(texts("ver", Role::Audit), ["version"]);
    assert!(texts("dns ", Role::Audit).is_empty());
    assert_eq!(complete("ipv4 a add", 7, Role::Admin).insertion(), "");
    assert_eq!(complete("ipv4 a ad", 9, Role::Admin).insertion(), "d ");
    assert_eq!(complete("ipv4 a dh", 9, Role::Admin).insertion(), "cp");
}

#[test]
fn live_values_of_two_words_are_completed_word_by_word() {
    let values = || [(". 192.0.2.53".to_owned(), "zone".to_owned()), ("example.com 192.0.2.54".into(), "zone".into())];
    let mut first = complete("dns del forwardzone e", 21, Role::Admin);
    first.add_live(values());
    assert_eq!(first.insertion(), "xample.com 192.0.2.54");
    let mut second = complete("dns del forwardzone . ", 22, Role::Admin);
    second.add_live(values());
    assert_eq!(second.insertion(), "192.0.2.53");
    let mut host = complete("user host bob delete ", 21, Role::Admin);
    host.add_live(["bob delete 192.0.2.3", "eve delete 192.0.2.4"].map(|value| (value.to_owned(), "host".to_owned())));
    assert_eq!(host.insertion(), "192.0.2.3");
}

#[test]
fn hints_are_the_rest_of_the_only_form() {
    let shown = |line| hint(line, Role::Admin);
    assert_eq!(shown("ipv4 a add").as_deref(), Some(" <address>/<prefix length> <gateway>"));
    assert_eq!(shown("ipv4 a add ").as_deref(), Some("<address>/<prefix length> <gateway>"));
    assert_eq!(shown("ipv4 a ad").as_deref(), Some("d <address>/<prefix length> <gateway>"));
    assert_eq!(shown("ipv4 a add 192.0.2.1/24").as_deref(), Some(" <gateway>"));
    assert_eq!(shown("hostn").as_deref(), Some("ame"));
    assert_eq!(shown("ipv4 a "), None);
    assert_eq!(shown("reboot"), None);
    assert_eq!(shown(""), None);
}

#[test]
fn a_password_typed_into_the_line_is_not_logged() {
    assert_eq!(loggable("user add bob admin hunter2"), "user add bob admin ***");
    assert_eq!(loggable("user host bob add 192.0.2.3"), "user host bob add 192.0.2.3");
    assert_eq!(loggable("user evict bob x hunter2"), "user evict bob x ***");
    assert_eq!(loggable("passwd bob hunter2 hunter2"), "passwd bob ***");
    assert_eq!(loggable("backup rollback x.bak 7K3M-0000"), "backup rollback x.bak ***");
    assert_eq!(loggable("dns add rr \"a b\""), "dns add rr \"a b\"");
    assert_eq!(loggable("dns\u{1b}[2J"), "dns?[2J");
}

#[test]
fn roles_see_only_their_commands() {
    let names: Vec<_> = crate::permitted(Role::Crypto).map(|family| family.name).collect();
    assert_eq!(
        names,
        [
            "date", "webadmin", "tls", "passwd", "try", "confirm", "undo", "pki", "version", "model", "serial",
            "uptime", "help", "exit"
        ]
    );
    assert_eq!(parse("dns x", Role::Crypto).unwrap_err().mistake, Mistake::Denied);
    assert!(parse("dns", Role::Crypto).is_ok(), "mmpd refuses and logs it");
}

#[test]
fn the_dictionary_has_families_and_keywords() {
    let words = crate::dictionary();
    assert!(["ipv4", "forwardzone", "assured-voice", "include"].iter().all(|word| words.contains(word)));
}

fn wordy() -> impl Strategy<Value = String> {
    let word = prop::sample::select(crate::dictionary()).prop_map(str::to_owned);
    let odd = prop_oneof![Just("a".to_owned()), Just("\"".to_owned()), "\\PC{0,6}", "[0-9./]{1,18}"];
    prop::collection::vec(prop_oneof![3 => word, 2 => odd], 0..8).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_line_makes_it_panic_and_spans_stay_inside(line in prop_oneof![wordy(), any::<String>()]) {
        for role in [Role::Admin, Role::Audit] {
            if let Err(error) = parse(&line, role) {
                prop_assert!(line.get(error.span.clone()).is_some());
                let _ = (error.message(role), error.hint());
            }
            let _ = hint(&line, role);
            for cursor in 0..=line.len() {
                let mut found = complete(&line, cursor, role);
                found.add_live([("a b".to_owned(), String::new()), (line.clone(), String::new())]);
                let _ = found.insertion();
            }
        }
        let logged = loggable(&line);
        prop_assert!(!logged.chars().any(char::is_control));
        let _ = tokens(&logged);
    }
}

#[test]
fn try_makes_the_rest_of_the_line_conditional_and_nothing_else_of_it_changes() {
    let parsed = parse("try for 300 ipv4 a dhcp", Role::Admin).unwrap();
    assert_eq!(parsed.condition.unwrap().within.seconds(), 300);
    assert!(matches!(parsed.action, Action::Request(Request::Ipv4(_, Ipv4::Dhcp))));
    assert_eq!(parse("try reboot --yes", Role::Admin).unwrap().condition.unwrap().within.seconds(), 120);
    assert!(matches!(request("try"), Request::Trial(request::Trial::Show)));
    assert!(matches!(request("try for 600"), Request::Trial(request::Trial::Extend(_))));
    assert_eq!(refusal("try for 9 ipv4 a dhcp"), "Invalid time, 10 to 3600 seconds: 9");
    assert_eq!(refusal("try ipv4 f"), "Invalid interface: f");
    assert!(refusal("try try ipv4 a dhcp").contains("Usage:\n   try"));
}

#[test]
fn a_line_behind_try_is_completed_hinted_and_masked_as_it_is_alone() {
    let texts = |line: &str| -> Vec<String> {
        complete(line, line.len(), Role::Admin).choices.into_iter().map(|choice| choice.text).collect()
    };
    assert_eq!(texts("try ipv4 a ro"), texts("ipv4 a ro"));
    assert_eq!(texts("try for 60 ipv4 a ro"), texts("ipv4 a ro"));
    assert!(texts("try ").contains(&"firewall".to_owned()) || texts("try ").contains(&"ipv4".to_owned()));
    assert!(texts("try for ").iter().all(|text| text != "ipv4"));
    assert_eq!(hint("try ipv4 a ad", Role::Admin), hint("ipv4 a ad", Role::Admin));
    assert_eq!(loggable("try for 60 user add bob admin hunter2"), "try for 60 user add bob admin ***");
    assert_eq!(loggable("try passwd bob hunter2"), "try passwd bob ***");
}
