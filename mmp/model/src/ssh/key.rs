//! One public key, as a line of an OpenSSH `.pub` file (sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{base64, wire};
use crate::InvalidValue;

/// Types that are taken. DSA is not among them: no present OpenSSH knows it.
const TYPES: [&str; 7] = [
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];
/// Longest comment, in characters.
const LONGEST_COMMENT: usize = 128;

/// Why a line is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `type base64 comment`.
    #[error("it is not an OpenSSH public key")]
    NotAKey,
    /// Something stands before the type.
    #[error("options before a key are not taken")]
    Options,
    /// Signed by an authority.
    #[error("certificates are not taken, only plain keys")]
    Certificate,
    /// Of a type that is not taken.
    #[error("keys of this type are not taken; use ed25519, ecdsa or rsa")]
    UnknownType,
    /// The type in the text is not the key's.
    #[error("the key is of another type than its line says")]
    OtherType,
    /// The key's bytes are not those of its type.
    #[error("the key is damaged")]
    Damaged,
    /// An RSA key that is too short.
    #[error("an RSA key of {0} bits is too weak; 2048 bits at least")]
    Weak(usize),
    /// The comment cannot be shown.
    #[error("the comment is too long or has control characters")]
    Comment,
    /// A key that must stay at home.
    #[error("this is a private key, which must never leave its owner; upload the .pub file")]
    Private,
    /// Another program's form of a public key.
    #[error("this is not in OpenSSH's form; convert it with `ssh-keygen -i`")]
    OtherForm,
}

/// One of [`TYPES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Algorithm(&'static str);

/// A public key with its comment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicKey {
    algorithm: Algorithm,
    blob: Box<[u8]>,
    comment: Box<str>,
}

impl PublicKey {
    /// `ssh-ed25519`.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm.0
    }

    /// The key's bytes, which fingerprints are made of.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// What its owner calls it; may be empty.
    pub fn comment(&self) -> &str {
        &self.comment
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;
    fn from_str(line: &str) -> Result<Self, KeyError> {
        let line = line.trim_matches([' ', '\t']);
        if line.contains("PRIVATE KEY") || line.starts_with("PuTTY-User-Key-File") {
            return Err(KeyError::Private);
        }
        if line.starts_with("---- BEGIN") || line.starts_with("-----BEGIN") {
            return Err(KeyError::OtherForm);
        }
        let mut words = line.splitn(3, [' ', '\t']);
        let first = words.next().unwrap_or_default();
        let Some(algorithm) = TYPES.into_iter().find(|known| *known == first) else {
            return Err(misplaced(line, first));
        };
        let blob = base64::decode(words.next().unwrap_or_default()).ok_or(KeyError::Damaged)?;
        wire::check(algorithm, &blob)?;
        let comment = words.next().unwrap_or_default().trim_matches([' ', '\t']);
        if comment.chars().count() > LONGEST_COMMENT || !comment.chars().all(crate::text::is_plain) {
            return Err(KeyError::Comment);
        }
        Ok(Self { algorithm: Algorithm(algorithm), blob: blob.into(), comment: comment.into() })
    }
}

/// Why the first word is not a type that is taken.
fn misplaced(line: &str, first: &str) -> KeyError {
    let is_type = |word: &str| TYPES.contains(&word) || word.starts_with("ssh-") || word.starts_with("ecdsa-sha2-");
    if first.contains("-cert-v") {
        KeyError::Certificate
    } else if is_type(first) || first.starts_with("sk-") {
        KeyError::UnknownType
    } else if line.split([' ', '\t', '"', ',']).skip(1).any(is_type) {
        KeyError::Options
    } else {
        KeyError::NotAKey
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm.0, base64::encode(&self.blob))?;
        if self.comment.is_empty() { Ok(()) } else { write!(f, " {}", self.comment) }
    }
}

impl TryFrom<String> for PublicKey {
    type Error = InvalidValue;
    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse().map_err(|error: KeyError| InvalidValue::new("Invalid SSH public key", error.to_string()))
    }
}

impl From<PublicKey> for String {
    fn from(key: PublicKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub const ED25519: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob@laptop";

    fn string(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
    }

    fn line(algorithm: &str, parts: &[&[u8]]) -> String {
        let blob: Vec<u8> =
            std::iter::once(algorithm.as_bytes()).chain(parts.iter().copied()).flat_map(string).collect();
        format!("{algorithm} {}", base64::encode(&blob))
    }

    fn error(line: &str) -> KeyError {
        line.parse::<PublicKey>().unwrap_err()
    }

    /// A positive odd number of so many bits.
    fn number(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0xff; bits / 8];
        bytes.insert(0, 0);
        bytes
    }

    #[test]
    fn each_type_is_taken_and_printed_as_it_came() {
        let point = |length: usize| [&[4][..], &vec![7; length - 1]].concat();
        let lines = [
            ED25519.to_owned(),
            line("ssh-rsa", &[&[1, 0, 1], &number(2048)]),
            line("ecdsa-sha2-nistp256", &[b"nistp256", &point(65)]),
            line("ecdsa-sha2-nistp384", &[b"nistp384", &point(97)]),
            line("ecdsa-sha2-nistp521", &[b"nistp521", &point(133)]),
            line("sk-ssh-ed25519@openssh.com", &[&[7; 32], b"ssh:"]),
            line("sk-ecdsa-sha2-nistp256@openssh.com", &[b"nistp256", &point(65), b"ssh:work"]),
        ];
        for line in lines {
            assert_eq!(line.parse::<PublicKey>().map(|key| key.to_string()).as_ref(), Ok(&line));
        }
        assert_eq!(ED25519.parse::<PublicKey>().unwrap().comment(), "bob@laptop");
    }

    #[test]
    fn weak_and_odd_keys_are_refused() {
        assert_eq!(error(&line("ssh-rsa", &[&[1, 0, 1], &number(1024)])), KeyError::Weak(1024));
        assert_eq!(error(&line("ssh-rsa", &[&[1], &number(2048)])), KeyError::Damaged);
        assert_eq!(error(&line("ssh-rsa", &[&[1, 0, 1], &number(32_768)])), KeyError::Damaged);
        assert_eq!(error(&line("ssh-dss", &[&[1]])), KeyError::UnknownType);
        assert_eq!(error(&line("ssh-ed25519", &[&[7; 31]])), KeyError::Damaged);
        assert_eq!(error(&line("ssh-ed25519", &[&[7; 32], b"more"])), KeyError::Damaged);
        assert_eq!(error(&line("ecdsa-sha2-nistp256", &[b"nistp384", &[4; 65]])), KeyError::Damaged);
        let other = line("ssh-rsa", &[&[1, 0, 1], &number(2048)]).replace("ssh-rsa ", "ssh-ed25519 ");
        assert_eq!(error(&other), KeyError::OtherType);
    }

    #[test]
    fn what_is_more_than_a_key_is_refused_by_its_name() {
        for (line, expected) in [
            (format!("command=\"/bin/sh\" {ED25519}"), KeyError::Options),
            (format!("no-pty,from=\"10.0.0.0/8\" {ED25519}"), KeyError::Options),
            (format!("cert-authority {ED25519}"), KeyError::Options),
            ("ssh-ed25519-cert-v01@openssh.com AAAA".into(), KeyError::Certificate),
            ("-----BEGIN OPENSSH PRIVATE KEY-----".into(), KeyError::Private),
            ("---- BEGIN SSH2 PUBLIC KEY ----".into(), KeyError::OtherForm),
            (format!("{ED25519}\u{1b}[2J"), KeyError::Comment),
            (format!("{ED25519}\nssh-ed25519"), KeyError::Comment),
            (format!("{ED25519}{}", "x".repeat(200)), KeyError::Comment),
            ("hello".into(), KeyError::NotAKey),
            (String::new(), KeyError::NotAKey),
            ("ssh-ed25519".into(), KeyError::Damaged),
        ] {
            assert_eq!(error(&line), expected, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic_and_a_key_is_one_line(
            tail in "\\PC{0,60}",
            flip in 0..60_usize,
            noise in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut changed = ED25519.as_bytes().to_vec();
            changed[flip] ^= 0x15;
            let algorithm = TYPES[flip % TYPES.len()];
            let typed = line(algorithm, &[&noise]);
            let candidates =
                [tail.clone(), format!("{ED25519}{tail}"), String::from_utf8_lossy(&changed).into_owned(), typed];
            for text in candidates {
                if let Ok(key) = text.parse::<PublicKey>() {
                    let printed = key.to_string();
                    prop_assert!(!printed.chars().any(char::is_control) && printed.starts_with(key.algorithm()));
                    prop_assert_eq!(printed.parse::<PublicKey>(), Ok(key));
                }
            }
        }
    }
}
