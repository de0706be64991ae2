//! The flat folder that SFTP shows: which names exist, what they are, and who may do what with them
//! (`mmp.md` section 5).
//!
//! Invariant: a [`FileName`] has no separator, no leading dot and at most 64 characters, so it can never name anything
//! outside its folder.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Role, text_value};

/// A bare name in the folder: letters, digits, `.`, `-`, `_`; 1 to 64 characters, no leading dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName(heapless::String<64>);
text_value!(FileName);

impl FileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a file of this name is.
    pub fn kind(&self) -> FileKind {
        // Clients upload under such a name first and rename it when it is whole; it is what it will be.
        let name = self.as_str().strip_suffix(".filepart").unwrap_or(self.as_str());
        let ends = |endings: &[&str]| endings.iter().any(|e| name.len() > e.len() && name.ends_with(e));
        match name {
            "cms.lic" => FileKind::License,
            "live.json"
            | "boot.json"
            | "license.dat"
            | "ACANO-MIB.txt"
            | "ACANO-SYSLOG-MIB.txt"
            | "ACANO-HEALTH-MIB.txt" => FileKind::Produced,
            "log" | "logbundle.tar.gz" => FileKind::Log,
            "audit" => FileKind::Audit,
            "upgrade.img" => FileKind::Upgrade,
            _ if numbered(name, "log.") => FileKind::Log,
            _ if numbered(name, "audit.") => FileKind::Audit,
            _ if ends(&[".pcap"]) => FileKind::Capture,
            _ if ends(&[".key", ".csr", ".cer", ".crt", ".pem", ".der", ".p7b", ".p12", ".pfx"]) => FileKind::Pki,
            _ => FileKind::Plain,
        }
    }
}

/// `log.1`, `log.2` and so on.
fn numbered(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

impl FromStr for FileName {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid file name", text);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if text.is_empty() || text.starts_with('.') || !text.bytes().all(allowed) {
            return Err(wrong());
        }
        heapless::String::try_from(text).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The license.
    License,
    /// Keys, requests and certificates.
    Pki,
    /// An upgrade image.
    Upgrade,
    /// Made by the appliance, download only.
    Produced,
    /// The system log and bundles of it, download only.
    Log,
    /// The audit log, download only.
    Audit,
    /// Packets that `pcap` captured; made by the appliance, and removed by hand.
    Capture,
    /// Anything else: backups, texts, word lists.
    Plain,
}

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// See that it is there.
    List,
    /// Download.
    Read,
    /// Upload, rename to, set times.
    Write,
    /// Delete, rename from.
    Remove,
}

impl FileKind {
    /// The one table of who may do what in the folder.
    pub fn permits(self, role: Role, access: FileAccess) -> bool {
        let reading = matches!(access, FileAccess::List | FileAccess::Read);
        match (role, self) {
            (Role::Admin, Self::Produced | Self::Log | Self::Audit) | (Role::Audit, Self::Audit) => reading,
            (Role::Admin, Self::Capture) => access != FileAccess::Write,
            (Role::Admin, _) | (Role::Crypto, Self::Pki) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(name: &str) -> FileKind {
        name.parse::<FileName>().unwrap().kind()
    }

    #[test]
    fn names_outside_the_folder_cannot_be_made() {
        for bad in ["", ".", "..", "../x", "/etc/passwd", "a/b", ".hidden", "a b", "a\0b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<FileName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_the_appliance_makes_cannot_be_uploaded_or_removed() {
        for name in ["live.json", "boot.json", "log", "log.1", "audit", "logbundle.tar.gz"] {
            for access in [FileAccess::Write, FileAccess::Remove] {
                assert!(Role::ALL.into_iter().all(|role| !kind(name).permits(role, access)), "{name}");
            }
        }
    }

    #[test]
    fn captures_are_downloaded_and_removed_but_not_uploaded() {
        let capture = kind("a-20261005-130411.pcap");
        assert!(capture.permits(Role::Admin, FileAccess::Read) && capture.permits(Role::Admin, FileAccess::Remove));
        assert!(!capture.permits(Role::Admin, FileAccess::Write) && !capture.permits(Role::Audit, FileAccess::List));
    }

    #[test]
    fn crypto_sees_pki_material_and_audit_sees_the_audit_log() {
        assert!(kind("one.cer").permits(Role::Crypto, FileAccess::Write));
        assert!(kind("one.key.filepart").permits(Role::Crypto, FileAccess::Write));
        assert!(!kind("log.filepart").permits(Role::Admin, FileAccess::Write));
        assert!(!kind("cms.lic").permits(Role::Crypto, FileAccess::List));
        assert!(kind("audit").permits(Role::Audit, FileAccess::Read));
        assert!(!kind("one.key").permits(Role::Audit, FileAccess::List));
        assert!(!kind("one.key").permits(Role::Appadmin, FileAccess::List));
        assert_eq!(kind(".key".trim_start_matches('.')), FileKind::Plain);
    }

    proptest! {
        #[test]
        fn a_name_never_leaves_its_folder(text in "\\PC{0,70}|[a-z./-]{0,10}") {
            if let Ok(name) = text.parse::<FileName>() {
                prop_assert!(!name.as_str().contains('/') && !name.as_str().starts_with('.'));
                prop_assert_eq!(name.as_str(), text);
            }
        }
    }
}
