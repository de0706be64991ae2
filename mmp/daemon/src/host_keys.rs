//! SSH's host keys: made beside the place where they are looked for, and looked at before anybody is served with them.
//!
//! Invariants: a key is in its place whole and on the medium, or not there at all; the private half comes last, so whoever
//! finds it finds the public one too. A key that is empty or damaged is taken away, so that `sshd-keys.service` makes it
//! anew, and who administers is told: clients will say that the host is another one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use mmp_control::chain;
use mmp_model::ssh::PublicKey;
use zeroize::Zeroizing;

use crate::{apply::process, backup::HOST_KEYS, durable, paths::Paths};

/// In the order in which sshd offers them.
pub const KINDS: [&str; 3] = ["ed25519", "ecdsa", "rsa"];
const KEYGEN: &str = "/usr/bin/ssh-keygen";
/// Below the folder that `ssh-keygen -A -f` is given.
const INSIDE: &str = "etc/ssh";
/// Where they are made.
const NEW: &str = "new";
/// An RSA key of 16384 bits has 13 kB.
const LONGEST: u64 = 64 << 10;
/// OpenSSH's `PROTOCOL.key`, section 1.
const MAGIC: &[u8] = b"openssh-key-v1\0";
const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END: &str = "-----END OPENSSH PRIVATE KEY-----";

/// Why no keys were made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// A file or a folder.
    #[error("cannot use `{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// The program did not do it.
    #[error("no keys were made")]
    Keygen(#[from] process::ProcessError),
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> MakeError {
    let path = path.to_owned();
    move |source| MakeError::File { path, source }
}

/// Makes what is missing below `base` (`/data/ssh`).
pub fn make(base: &Path) -> Result<(), MakeError> {
    let new = base.join(NEW);
    clear(&new)?;
    let made = new.join(INSIDE);
    fs::create_dir_all(&made).map_err(file(&made))?;
    process::run(KEYGEN, &["-q", "-A", "-f", &new.to_string_lossy()])?;
    install(&made, &base.join(INSIDE))?;
    clear(&new)
}

fn clear(folder: &Path) -> Result<(), MakeError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file(folder)(error)),
        _ => Ok(()),
    }
}

/// Moves keys that are missing in `place`, each once it is on the medium.
fn install(made: &Path, place: &Path) -> Result<(), MakeError> {
    for kind in KINDS {
        let (private, public) = names(kind);
        if place.join(&private).exists() {
            continue;
        }
        for name in [&public, &private] {
            let from = made.join(name);
            File::open(&from).and_then(|key| key.sync_all()).map_err(file(&from))?;
        }
        for name in [&public, &private] {
            fs::rename(made.join(name), place.join(name)).map_err(file(&place.join(name)))?;
        }
        // Each pair for itself: SSH may be waited for, and the next takes seconds on a small machine.
        durable::sync_parent(&place.join(&private)).map_err(file(place))?;
    }
    Ok(())
}

/// `ssh_host_rsa_key` and its public half.
fn names(kind: &str) -> (String, String) {
    (format!("ssh_host_{kind}_key"), format!("ssh_host_{kind}_key.pub"))
}

/// What a look at the keys found, each with what to say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Kinds whose keys were taken away.
    pub taken_away: Vec<&'static str>,
    /// What could not be done.
    pub faults: Vec<String>,
}

/// Takes away keys that sshd could not use.
pub fn look(paths: &Paths) -> Looked {
    let place = paths.system(HOST_KEYS);
    let mut looked = Looked::default();
    for kind in KINDS {
        let (private, public) = names(kind);
        // One that was never made, or is being made, is no damage.
        if !place.join(&private).exists() || sound(&place.join(&private), &place.join(&public)) {
            continue;
        }
        // The private half first: without it the other one means nothing.
        let gone = durable::remove(&place.join(&private)).and_then(|()| durable::remove(&place.join(&public)));
        match gone {
            Ok(()) => looked.taken_away.push(kind),
            Err(error) => looked.faults.push(format!("the SSH host key {private} is damaged: {}", chain(&error))),
        }
    }
    looked
}

/// What administrators are told.
pub fn told(kinds: &[&str]) -> String {
    let (keys, were, are) = if kinds.len() == 1 { ("key", "was", "is") } else { ("keys", "were", "are") };
    format!(
        "The SSH host {keys} {} {were} empty or damaged and {are} made anew: clients that knew the old one warn that the \
         host has changed. Compare what they show with 'ssh fingerprints' typed at the console",
        kinds.join(", ")
    )
}

fn sound(private: &Path, public: &Path) -> bool {
    let small = |path: &Path| fs::metadata(path).is_ok_and(|about| about.len() <= LONGEST);
    if !small(private) || !small(public) {
        return false;
    }
    let key = fs::read_to_string(private).map(Zeroizing::new);
    let public = fs::read_to_string(public).ok().and_then(|text| text.trim_end().parse::<PublicKey>().ok());
    key.ok().zip(public).is_some_and(|(key, public)| is_pair(&key, &public))
}

/// Whether the text is a whole private key without passphrase (`PROTOCOL.key`), and the other one its public half. Bytes
/// of the numbers that only a signature would show as wrong are not looked at: what a power cut leaves is empty, short or
/// zero.
fn is_pair(text: &str, public: &PublicKey) -> bool {
    let Some(body) = text.trim_end().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)) else { return false };
    let letters: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    let Ok(bytes) = BASE64_STANDARD.decode(letters.as_bytes()).map(Zeroizing::new) else { return false };
    parts(&bytes).is_some_and(|(blob, section)| blob == public.blob() && is_section(section, blob))
}

/// The public half and the private section of a file with one key, not encrypted.
fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    for wanted in [&b"none"[..], b"none", b""] {
        if string(&mut rest)? != wanted {
            return None;
        }
    }
    rest = rest.strip_prefix(&[0, 0, 0, 1])?;
    let blob = string(&mut rest)?;
    let section = string(&mut rest)?;
    rest.is_empty().then_some((blob, section))
}

/// Two equal numbers, strings of which the second is of the public half as well, and 1, 2, 3, ... to a multiple of 8.
fn is_section(section: &[u8], blob: &[u8]) -> bool {
    let Some((numbers, mut rest)) = section.split_first_chunk::<8>() else { return false };
    let padding = |rest: &[u8]| rest.len() < 8 && rest.iter().zip(1..).all(|(byte, number)| *byte == number);
    let mut strings = Vec::new();
    while !padding(rest) {
        let Some(next) = string(&mut rest) else { return false };
        strings.push(next);
    }
    let public = |at: usize| strings.get(at).is_some_and(|part: &&[u8]| holds(blob, part));
    numbers[..4] == numbers[4..] && section.len().is_multiple_of(8) && strings.len() >= 4 && public(0) && public(1)
}

fn holds(blob: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && blob.windows(part.len()).any(|window| window == part)
}

fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (string, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(string)
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, process::Command};

    use super::*;

    /// Keys of OpenSSH's own making, or nothing where it is not installed.
    fn keys() -> (tempfile::TempDir, Paths) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        let place = paths.system(HOST_KEYS);
        fs::create_dir_all(&place).unwrap();
        for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("rsa", "2048")] {
            let path = place.join(names(kind).0);
            let status = Command::new("ssh-keygen")
                .args(["-q", "-N", "", "-C", "root@cms", "-t", kind, "-b", bits, "-f"])
                .arg(path)
                .status();
            assert!(status.unwrap().success());
        }
        (folder, paths)
    }

    #[test]
    fn whole_keys_stay() {
        let (_folder, paths) = keys();
        assert_eq!(look(&paths), Looked::default());
        assert_eq!(fs::read_dir(paths.system(HOST_KEYS)).unwrap().count(), 6);
    }

    #[test]
    fn every_kind_of_damage_takes_its_pair_away_and_no_other() {
        let (_folder, paths) = keys();
        let place = paths.system(HOST_KEYS);
        for kind in KINDS {
            let (private, public) = (place.join(names(kind).0), place.join(names(kind).1));
            let (key, text) = (fs::read(&private).unwrap(), fs::read(&public).unwrap());
            let zeroed = |from: usize| [&key[..from], &vec![0; key.len() - from]].concat();
            let mut other = text.clone();
            other[40] = if other[40] == b'A' { b'B' } else { b'A' };
            let damaged: Vec<(Vec<u8>, Vec<u8>)> = vec![
                (Vec::new(), text.clone()),
                (key[..key.len() / 2].to_vec(), text.clone()),
                (key[..key.len() - 40].to_vec(), text.clone()),
                (vec![0; key.len()], text.clone()),
                (zeroed(key.len() / 2), text.clone()),
                (key.clone(), Vec::new()),
                (key.clone(), other),
                (text.clone(), text.clone()),
                (vec![b'x'; 100_000], text.clone()),
            ];
            for (number, (half, other_half)) in damaged.iter().enumerate() {
                fs::write(&private, half).unwrap();
                fs::write(&public, other_half).unwrap();
                assert_eq!(look(&paths).taken_away, [kind], "damage {number}");
                assert!(!private.exists() && !public.exists());
                assert_eq!(look(&paths), Looked::default());
            }
            fs::remove_file(&public).err();
            fs::write(&private, &key).unwrap();
            assert_eq!(look(&paths).taken_away, [kind], "without its public half");
            fs::write(&private, &key).unwrap();
            fs::write(&public, &text).unwrap();
        }
        assert_eq!(look(&paths), Looked::default());
    }

    #[test]
    fn missing_keys_come_whole_and_those_that_are_there_stay() {
        let (_folder, made) = keys();
        let (_other, paths) = keys();
        let place = paths.system(HOST_KEYS);
        let read = |kind: &str| fs::read(place.join(names(kind).0)).unwrap();
        let (kept, gone) = (read("ed25519"), read("rsa"));
        fs::remove_file(place.join(names("rsa").0)).unwrap();
        install(&made.system(HOST_KEYS), &place).unwrap();
        assert_eq!(read("ed25519"), kept);
        assert_ne!(read("rsa"), gone);
        assert_eq!(place.join(names("rsa").0).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(look(&paths), Looked::default());
    }

    #[test]
    fn a_cut_before_the_keys_are_flushed_leaves_nothing_in_their_place() {
        let (_folder, made) = keys();
        let (_other, paths) = keys();
        let place = paths.system(HOST_KEYS);
        fs::remove_file(place.join(names("ecdsa").0)).unwrap();
        fs::remove_file(made.system(HOST_KEYS).join(names("ecdsa").0)).unwrap();
        assert!(install(&made.system(HOST_KEYS), &place).is_err());
        assert!(!place.join(names("ecdsa").0).exists());
    }

    #[test]
    fn the_words_fit_one_and_many() {
        assert!(told(&["rsa"]).starts_with("The SSH host key rsa was empty or damaged and is made anew: "));
        assert!(told(&["ed25519", "rsa"]).starts_with("The SSH host keys ed25519, rsa were empty or damaged and are "));
    }
}
