//! No value of any setting ends its line, its quotes or its section in a file that a daemon reads.
//!
//! The settings are taken in their stored form, and every text in them is replaced by hostile ones in turn: whatever
//! still loads is rendered. So a new setting is tried without a word here, once the sample has it.

use mmp_control::{
    Request, Secret,
    request::{self, Dns, Firewall, Ipv4, Ipv6, Ntp, Ssh, Syslog, Text, User},
};
use mmp_model::{
    Letter, Role, Settings,
    ssh::{Algorithms, PublicKeys},
    text::Which,
    versions,
};
use proptest::prelude::*;
use serde_json::Value;

use super::{Rendered, Surroundings, render, ssh};
use crate::change::tests::after;

/// Stands at the begin of a line if the value before it was left.
const EVIL: &str = "evil";

const KEY: &[u8] = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob";

/// Something of everything that can be set.
pub(super) fn sample() -> Settings {
    let bob = || "bob".parse().unwrap();
    let server =
        |text: &str| serde_json::from_value(serde_json::json!({"host": text, "port": "514", "transport": "tcp"}));
    let zone = mmp_model::dns::ForwardZone { domain: "example.com".parse().unwrap(), server: [192, 0, 2, 53].into() };
    let record = |text: &str| Request::Dns(Dns::AddRecord(text.parse().unwrap()));
    let mut settings = after(&[
        Request::Dns(Dns::AddZone(zone)),
        record("a.example.com. IN A 192.0.2.1"),
        record("a.example.com. IN TXT \"it's a text\""),
        Request::Ntp(Ntp::Add("ntp1.example.com".parse().unwrap())),
        Request::Ntp(Ntp::Add("2001:db8::1".parse().unwrap())),
        Request::Hostname(request::HostnameAsk::Set("cms1".parse().unwrap())),
        Request::Ipv4(Letter::A, Ipv4::Add("192.0.2.10/24".parse().unwrap(), [192, 0, 2, 1].into())),
        Request::Ipv4(Letter::A, Ipv4::RouteAdd("198.51.100.0/24".parse().unwrap())),
        Request::Ipv6(Letter::A, Ipv6::Add("2001:db8::10/64".parse().unwrap())),
        Request::Firewall(
            Letter::A,
            Firewall::Add(
                mmp_model::firewall::Policy::Allow,
                "443/tcp".parse().unwrap(),
                Some("192.0.2.0/24".parse().unwrap()),
            ),
        ),
        Request::Firewall(Letter::A, Firewall::Default(mmp_model::firewall::Policy::Deny)),
        Request::Firewall(Letter::A, Firewall::Enable),
        Request::Syslog(Syslog::AddServer(server("logs.example.com").unwrap())),
        Request::User(User::Add(bob(), Role::Crypto, Secret::new("x".into()))),
        Request::User(User::AddHost(bob(), "192.0.2.3".parse().unwrap())),
        Request::Ssh(Ssh::SetKeys(bob(), PublicKeys::read(KEY).unwrap())),
        Request::Ssh(Ssh::Algorithms(Algorithms::Compatible)),
        Request::Text(Which::Banner, Text::Add("Authorised use only".parse().unwrap())),
        Request::Text(Which::Motd, Text::Add("hello".parse().unwrap())),
    ]);
    settings.syslog.enabled = true;
    settings.ntp.group_key = Some("ntp.key".parse().unwrap());
    settings
}

fn around(file: &str) -> Surroundings {
    Surroundings {
        letters: vec![Letter::A],
        system_users: "root:x:0:0::/:/usr/sbin/nologin\n".into(),
        group_key: Some(file.into()),
        syslog_trust: Some(file.into()),
        webadmin: None,
    }
}

/// The stored form with its `index`-th text (values and names alike) given to `change`; `None` past the last.
fn changed(settings: &Settings, index: usize, change: &dyn Fn(&str) -> String) -> Option<Value> {
    replaced(serde_json::to_value(versions::store(settings)).unwrap(), index, change)
}

/// The same of any value.
pub(super) fn replaced(value: Value, index: usize, change: &dyn Fn(&str) -> String) -> Option<Value> {
    fn take(text: String, left: &mut Option<usize>, change: &dyn Fn(&str) -> String) -> String {
        match left {
            Some(0) => {
                *left = None;
                change(&text)
            }
            Some(n) => {
                *n -= 1;
                text
            }
            None => text,
        }
    }
    fn walk(value: Value, left: &mut Option<usize>, change: &dyn Fn(&str) -> String) -> Value {
        match value {
            Value::String(text) => Value::String(take(text, left, change)),
            Value::Array(items) => items.into_iter().map(|item| walk(item, left, change)).collect(),
            Value::Object(entries) => {
                let entries = entries.into_iter();
                Value::Object(
                    entries.map(|(name, value)| (take(name, left, change), walk(value, left, change))).collect(),
                )
            }
            other => other,
        }
    }
    let mut left = Some(index);
    let value = walk(value, &mut left, change);
    left.is_none().then_some(value)
}

fn load(stored: Value) -> Option<Settings> {
    versions::load(serde_json::from_value(stored).ok()?).ok()
}

/// All that daemons read.
fn configuration(rendered: &Rendered) -> Vec<(String, String)> {
    let Rendered { networkd, unbound, chrony, syslog, nftables, firewall, accounts, logins, sshd, webadmin } = rendered;
    let files = [networkd, unbound, chrony, syslog, accounts, logins, sshd, webadmin].into_iter().flatten();
    let mut all: Vec<_> = files.map(|(path, file)| (path.display().to_string(), file.content.clone())).collect();
    all.extend([("nftables".to_owned(), nftables.clone()), ("firewall".to_owned(), firewall.clone())]);
    all
}

/// Panics when the value got out of its place. People's own text may have lines of its own, and nothing but that.
pub(super) fn check(settings: &Settings, file: &str, what: &str) {
    for (path, content) in configuration(&render(settings, &around(file))) {
        let strange = content.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(strange, None, "{what}: a control character in {path}: {content}");
        let begins = |line: &str| line.trim_start_matches([' ', '\t', '"', '\'', ';', '}']).starts_with(EVIL);
        let line = content.lines().find(|line| begins(line));
        assert!(path == ssh::BANNER || line.is_none(), "{what}: a line of its own in {path}: {content}");
    }
}

pub(super) fn payloads(old: &str) -> Vec<String> {
    let breaks =
        ["\n", "\r\n", "\r", "\u{b}", "\u{85}", "\u{2028}", "\0", "\"\n", "'\n", ";\n", "\\\n", " }\n", "\u{1b}[2J\n"];
    let mut all: Vec<String> = breaks.iter().map(|end| format!("{old}{end}{EVIL} yes\n")).collect();
    all.extend(breaks.iter().map(|end| format!("{end}{EVIL} yes")));
    all
}

#[test]
fn the_sample_is_in_every_file_and_a_hostile_line_would_be_seen() {
    let rendered = render(&sample(), &around("1 SHA256 HEX:00112233445566778899aabbccddeeff"));
    for (path, content) in configuration(&rendered) {
        assert!(!content.is_empty() || path == "nftables", "{path} is empty");
    }
    assert!(configuration(&rendered).len() >= 9);
    let mut settings = sample();
    settings.texts.banner = Some(format!("x\n{EVIL} yes").parse().unwrap());
    let banner = render(&settings, &around("")).logins.remove(std::path::Path::new(ssh::BANNER)).unwrap();
    assert!(banner.content.lines().any(|line| line.starts_with(EVIL)));
}

#[test]
fn no_stored_text_ends_its_line_in_any_file() {
    let sample = sample();
    let (mut texts, mut loaded) = (0, 0);
    for index in 0.. {
        let old = std::cell::RefCell::new(String::new());
        let keep = |text: &str| {
            *old.borrow_mut() = text.to_owned();
            text.to_owned()
        };
        let Some(same) = changed(&sample, index, &keep) else { break };
        assert!(load(same).is_some());
        texts += 1;
        let old = old.into_inner();
        for payload in payloads(&old) {
            let hostile = changed(&sample, index, &|_| payload.clone()).unwrap();
            if let Some(settings) = load(hostile) {
                loaded += 1;
                check(&settings, "", &format!("{old:?} as {payload:?}"));
            }
        }
    }
    assert!(texts > 60, "only {texts} texts in the sample");
    // The texts of the login take line ends, and a password's hash is rendered nowhere.
    assert!(loaded > 0, "nothing hostile loads, so nothing was tried");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_text_whatever_ends_its_line(index in 0..200_usize, text in "\\PC{0,12}|[ -~\\n\\r\\t\"';\\\\{}#]{0,24}") {
        let sample = sample();
        let replaced = changed(&sample, index, &|_| format!("{text}\n{EVIL}"));
        let appended = changed(&sample, index, &|old| format!("{old}{text}{EVIL}"));
        for stored in [replaced, appended].into_iter().flatten() {
            if let Some(settings) = load(stored) {
                check(&settings, "", &text);
            }
        }
    }

    // Lines that are no keys, chrony passes over; they are in a file of their own.
    #[test]
    fn no_uploaded_file_brings_control_characters(file in "([ -~]{0,30}\\n){0,4}", key in "[0-9]{1,6} [A-Z0-9]{1,8} [ -~\\r\\t]{0,40}") {
        for file in [file, key.clone(), format!("{key}\r{EVIL} yes"), format!("{key}\u{1b}[2J")] {
            check(&sample(), &file, &file);
        }
    }
}
