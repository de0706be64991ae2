//! The settings that every release ever wrote load in this one.

use std::{fs, path::Path};

use mmp_model::{
    Settings,
    versions::{self, Stored},
};

#[test]
fn settings_of_every_release_load() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/releases");
    let mut releases = 0;
    for release in fs::read_dir(folder).unwrap() {
        let release = release.unwrap().path();
        let text = fs::read(release.join("settings.json")).unwrap();
        let stored: Stored = serde_json::from_slice(&text).unwrap();
        let settings = versions::load(stored).unwrap_or_else(|error| panic!("{}: {error}", release.display()));
        let expected = fs::read_to_string(release.join("expected.txt")).unwrap();
        assert_eq!(summary(&settings), expected, "{}", release.display());
        releases += 1;
    }
    assert!(releases > 0, "no release was found");
}

/// What an administrator would notice if a value were lost on the way.
fn summary(settings: &Settings) -> String {
    let mut text = format!("hostname {}\ntimezone {}\n", settings.hostname, settings.timezone.zone);
    let mut line = |line: String| text.push_str(&(line + "\n"));
    settings.ntp.servers.iter().for_each(|server| line(format!("ntp {server}")));
    settings.dns.forward_zones.iter().for_each(|zone| line(format!("zone {} {}", zone.domain, zone.server)));
    settings.dns.records.iter().for_each(|record| line(format!("record {record}")));
    for (letter, ipv4) in &settings.interfaces.ipv4 {
        line(format!("ipv4 {letter} {} {:?}", ipv4.enabled, ipv4.addressing));
    }
    settings.dscp.ipv4.iter().for_each(|(kind, class)| line(format!("dscp {kind} {class}")));
    for (name, account) in &settings.accounts.accounts {
        line(format!("user {name} {} {}", account.role, account.uid));
    }
    text
}
