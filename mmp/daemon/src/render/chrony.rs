//! The clock's configuration: NTP servers and their shared key (`mmp.md` section 8.5).
//!
//! chrony runs only while a server is configured, and answers nobody.

use std::{fmt::Write, path::PathBuf};

use mmp_model::time::Ntp;

use super::{File, Files};

/// Where the unit's command line points.
pub const CONFIG: &str = "/run/mmpd/chrony/chrony.conf";
/// Read again by `chronyc reload sources`, so that a change of servers does not restart the clock.
pub const SOURCES: &str = "/run/mmpd/chrony/servers.sources";
const FOLDER: &str = "/run/mmpd/chrony";
/// Symmetric keys, readable by chrony alone.
pub const KEYS: &str = "/run/mmpd/chrony/keys";

/// Configuration, servers and key, or nothing while no server is configured. `group_key` is a file of keys in
/// chrony's form, `ID TYPE KEY` a line; the first key is used for every server.
pub fn files(ntp: &Ntp, group_key: Option<&str>) -> Files {
    if ntp.servers.is_empty() {
        return Files::new();
    }
    let key = group_key.filter(|_| ntp.group_key.is_some());
    // The first three answers may step the clock by any amount: a machine that lay in a store room for years must not
    // need years to be right. Later it is only slewed, under the calls in progress.
    let config = format!(
        "sourcedir {FOLDER}\nkeyfile {KEYS}\ndriftfile /data/lib/chrony/drift\nmakestep 1.0 3\nrtcsync\ncmdport 0\nport 0\n\
         pidfile /run/chrony/chronyd.pid\n\
         maxdistance 16\nlogchange 1\n"
    );
    let option = match (&ntp.group_key, key.and_then(first_key)) {
        (None, _) => String::new(),
        // A key that was lost leaves the servers unbelieved: an answer that anybody could forge is not taken instead.
        (Some(_), id) => format!(" key {}", id.unwrap_or(1)),
    };
    let mut sources = String::new();
    for server in &ntp.servers {
        writeln!(sources, "server {server} iburst{option}").expect("text takes text");
    }
    [
        (PathBuf::from(CONFIG), File::readable(config)),
        (PathBuf::from(SOURCES), File::readable(sources)),
        (
            PathBuf::from(KEYS),
            File { content: key.map(key_lines).unwrap_or_default(), mode: 0o640, group: Some("_chrony") },
        ),
    ]
    .into()
}

/// The lines of an uploaded file that can be keys: printable ones that are no comments.
fn key_lines(keys: &str) -> String {
    let kept = keys.lines().filter_map(key_line);
    kept.map(|line| format!("{line}\n")).collect()
}

fn key_line(line: &str) -> Option<&str> {
    let line = line.trim();
    let printable = line.bytes().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\t'));
    (printable && !line.is_empty() && !line.starts_with(['#', '!', '%', ';'])).then_some(line)
}

/// The number of the first key in a file of keys, RFC 5905 key identifiers being 1 to 65535 here.
pub fn first_key(keys: &str) -> Option<u16> {
    keys.lines().filter_map(key_line).find_map(|line| {
        let mut words = line.split_whitespace();
        let id = words.next()?.parse().ok().filter(|id| *id > 0)?;
        (words.count() >= 1).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_servers_the_clock_is_left_alone() {
        assert!(files(&Ntp::default(), None).is_empty());
    }

    #[test]
    fn a_lost_key_does_not_make_servers_believed_without_one() {
        let group_key = Some("group.key".parse().unwrap());
        let ntp = Ntp { servers: vec!["192.0.2.123".parse().unwrap()], group_key };
        let files = files(&ntp, None);
        assert_eq!(files[&PathBuf::from(SOURCES)].content, "server 192.0.2.123 iburst key 1\n");
        assert_eq!(files[&PathBuf::from(KEYS)].content, "");
    }

    #[test]
    fn every_server_takes_the_first_key_of_the_file() {
        let ntp = Ntp {
            servers: vec!["ntp1.example.com".parse().unwrap(), "192.0.2.123".parse().unwrap()],
            group_key: Some("group.key".parse().unwrap()),
        };
        let files = files(&ntp, Some("# shared\n7 SHA256 HEX:0011\n"));
        let sources = &files[&PathBuf::from(SOURCES)].content;
        assert_eq!(sources, "server ntp1.example.com iburst key 7\nserver 192.0.2.123 iburst key 7\n");
        let keys = &files[&PathBuf::from(KEYS)];
        assert_eq!((keys.mode, keys.group), (0o640, Some("_chrony")));
        assert!(!files[&PathBuf::from(CONFIG)].content.contains("0011"));
    }
}
