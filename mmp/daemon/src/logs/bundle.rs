//! `generate_logbundle`: what somebody who helps from afar needs to see (`mmp.md` section 25).
//!
//! Invariants: bounded, whatever the logs hold; without secrets: the settings are written without them, files that
//! administrators uploaded are not in it, and what looks like a hash or a private key is taken out of every text.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};
use mmp_control::{Kind, Refusal, Reply, chain};
use mmp_model::FileName;

use super::files;
use crate::{
    appliance::{Appliance, RELEASE},
    apply::process,
    durable,
    observe::{clock, links, machine},
};

/// Its name in the SFTP folder.
pub const NAME: &str = "logbundle.tar.gz";
/// Longest text of each log in bytes, the newest lines.
const LONGEST_LOG: u64 = 8 << 20;
/// Longest other text.
const LONGEST: usize = 1 << 20;

/// Kernel and system files that tell of the machine and hold nothing secret.
const SYSTEM_FILES: [(&str, &str); 14] = [
    ("packages.tsv", "/usr/lib/rostrum/packages.tsv"),
    ("os-release", "/usr/lib/os-release"),
    ("board.json", "/run/rostrum/board.json"),
    ("cmdline", "/proc/cmdline"),
    ("meminfo", "/proc/meminfo"),
    ("mounts", "/proc/mounts"),
    ("modules", "/proc/modules"),
    ("interrupts", "/proc/interrupts"),
    ("network/dev", "/proc/net/dev"),
    ("network/route", "/proc/net/route"),
    ("network/ipv6_route", "/proc/net/ipv6_route"),
    ("network/if_inet6", "/proc/net/if_inet6"),
    ("network/tcp", "/proc/net/tcp"),
    ("network/udp", "/proc/net/udp"),
];

/// Makes the bundle.
pub fn generate(appliance: &Appliance) -> Result<Reply, Refusal> {
    let failed = |cause: String| {
        Refusal::new(Kind::Internal, format!("The bundle was not made: {cause}"))
            .hint("`df` shows whether /data is full")
    };
    let bytes = archive(&entries(appliance), clock::now()).map_err(|error| failed(error.to_string()))?;
    let folder = appliance.system.paths.files();
    fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
    durable::replace(&folder.join(NAME), &bytes, 0o600).map_err(|error| failed(chain(&error)))?;
    Ok(Reply::Notice(format!("{NAME} ready for download")))
}

/// Names and texts. A part that cannot be had says why in its place.
fn entries(appliance: &Appliance) -> Vec<(String, String)> {
    let settings = appliance.settings();
    let mut all = vec![
        ("version".to_owned(), format!("{RELEASE} {}\n", option_env!("ROSTRUM_COMMIT").unwrap_or("unknown commit"))),
        ("settings.json".to_owned(), appliance.readable(&settings)),
        ("faults".to_owned(), appliance.notices().join("\n") + "\n"),
        ("model".to_owned(), format!("{}\n", appliance.board.model)),
        ("load".to_owned(), format!("up {} s, load {:?}\n", machine::uptime(), machine::load())),
    ];
    let disks = machine::filesystems(&appliance.system.paths.data());
    all.push(("df.json".to_owned(), serde_json::to_string_pretty(&disks).unwrap_or_default()));
    let mut addresses = String::new();
    for letter in appliance.letters() {
        let (card, have) = (links::card(letter), links::ipv4_addresses(letter));
        addresses.push_str(&format!(
            "{letter}: card {}, carrier {}, mtu {:?}, {have:?}\n",
            card.mac.as_deref().unwrap_or("missing"),
            card.carrier,
            card.mtu,
        ));
    }
    all.push(("network/interfaces".to_owned(), addresses));
    if appliance.system.device {
        for (name, arguments) in [
            ("units", &["list-units", "--all", "--no-pager", "--plain", "--full"][..]),
            ("units-failed", &["--failed", "--no-pager", "--plain", "--full"]),
        ] {
            let text = process::run("/usr/bin/systemctl", arguments).unwrap_or_else(|error| chain(&error));
            all.push((name.to_owned(), text));
        }
        for (name, path) in SYSTEM_FILES {
            let text =
                fs::read(path).map_or_else(|error| error.to_string(), |b| String::from_utf8_lossy(&b).into_owned());
            all.push((name.to_owned(), text));
        }
    }
    for (_, text) in &mut all {
        cut(text);
    }
    for name in ["log", "log.1", "audit"] {
        let file = name.parse::<FileName>().ok().and_then(|name| files::produce(appliance, &name));
        let text = match file.map(|file| file.and_then(|file| files::newest(&file, LONGEST_LOG))) {
            Some(Ok(text)) => text,
            Some(Err(error)) => error.to_string(),
            None => continue,
        };
        if name == "log" {
            let kernel = text
                .lines()
                .filter(|line| line.contains(" kernel: "))
                .fold(String::new(), |all, line| all + line + "\n");
            all.push(("kernel.log".to_owned(), kernel));
        }
        all.push((name.to_owned(), text));
    }
    all
}

fn cut(text: &mut String) {
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("\n...\n");
    }
}

/// A compressed tar archive (POSIX ustar) of the texts, each without what looks like a secret.
fn archive(entries: &[(String, String)], at: i64) -> std::io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    for (name, text) in entries {
        let text = without_secrets(text);
        out.write_all(&header(&format!("logbundle/{name}"), text.len(), at))?;
        out.write_all(text.as_bytes())?;
        out.write_all(&vec![0; text.len().next_multiple_of(512) - text.len()])?;
    }
    out.write_all(&[0; 1024])?;
    out.finish()
}

fn header(name: &str, length: usize, at: i64) -> [u8; 512] {
    let mut block = [0; 512];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &name[..name.len().min(99)]);
    put(100, "0000600");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{length:011o}"));
    put(136, &format!("{:011o}", at.clamp(0, 0o77_777_777_777)));
    // The sum is taken with spaces in its own place.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    put(263, "00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// Password hashes (crypt(5)) and private keys in PEM are starred out.
fn without_secrets(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut in_key = false;
    for line in text.split_inclusive('\n') {
        if line.contains("-----BEGIN") && line.contains("PRIVATE KEY") {
            in_key = true;
            clean.push_str("***\n");
        }
        if !in_key {
            without_hashes(line, &mut clean);
        }
        if line.contains("-----END") && line.contains("PRIVATE KEY") {
            in_key = false;
        }
    }
    clean
}

fn without_hashes(line: &str, clean: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ',')).unwrap_or(rest.len());
        let word = &rest[..end];
        // `$y$j9T$salt$hash`: a hash has at least three dollar signs and is long.
        if word.matches('$').count() >= 3 && word.len() > 12 {
            clean.push_str("***");
        } else {
            clean.push_str(word);
        }
        rest = &rest[end..];
    }
    clean.push_str(rest);
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use mmp_model::{
        Settings,
        account::{Accounts, PasswordHash},
        readable,
    };

    use super::*;

    fn unpacked(bytes: &[u8]) -> String {
        let mut text = String::new();
        GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn no_planted_secret_is_in_a_bundle() {
        const HASH: &str = "$y$j9T$plantedsalt$plantedhashplantedhashplantedhash";
        let key = "-----BEGIN RSA PRIVATE KEY-----\nplantedkey\n-----END RSA PRIVATE KEY-----";
        let settings = Settings::factory(Accounts::factory(PasswordHash::new(HASH.into())));
        let entries = [
            ("settings.json".to_owned(), readable::write(&settings, "1", &std::collections::BTreeMap::new())),
            ("stored".to_owned(), serde_json::to_string(&settings).unwrap()),
            ("log".to_owned(), format!("x\ncli: User a issued command <{HASH}>: granted\n{key}\nlast line\n")),
        ];
        let text = unpacked(&archive(&entries, 0).unwrap());
        assert!(!text.contains("planted"), "{text}");
        assert!(text.contains("last line") && text.contains("issued command <***>: granted"));
    }

    #[test]
    fn texts_without_secrets_stay_as_they_are() {
        for text in ["", "a $HOME b\n", "costs $5 and $6 and $7\n", "-----BEGIN CERTIFICATE-----\nAA\n"] {
            assert_eq!(without_secrets(text), text);
        }
    }

    #[test]
    fn the_archive_is_one_that_tar_reads() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = archive(&[("a".into(), "one\n".into()), ("network/b".into(), "x".repeat(700))], 1_000_000).unwrap();
        fs::write(folder.path().join("x.tar.gz"), bytes).unwrap();
        let path = folder.path().to_str().unwrap();
        process::run("/usr/bin/tar", &["-C", path, "-xzf", &format!("{path}/x.tar.gz")]).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("logbundle/a")).unwrap(), "one\n");
        assert_eq!(fs::read_to_string(folder.path().join("logbundle/network/b")).unwrap().len(), 700);
    }
}
