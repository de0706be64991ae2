//! Names of backups, and which files of the SFTP folder one takes along (`mmp.md` section 23).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{FileName, InvalidValue, file::FileKind, text_value};

/// Longest name: with `.json` it is a file name.
const LONGEST: usize = 59;

/// A backup's name: letters, digits, `-`, `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupName(heapless::String<LONGEST>);
text_value!(BackupName);

impl BackupName {
    /// The name as it is typed, alone or as that of its `.bak` file.
    pub fn of_file(text: &str) -> Result<Self, InvalidValue> {
        text.strip_suffix(".bak").unwrap_or(text).parse().map_err(|_| invalid(text))
    }

    /// The file to restore from.
    pub fn sealed_file(&self) -> FileName {
        self.file("bak")
    }

    /// The file to read in.
    pub fn readable_file(&self) -> FileName {
        self.file("json")
    }

    fn file(&self, ending: &str) -> FileName {
        format!("{self}.{ending}").parse().expect("a backup's name leaves room for its ending")
    }
}

fn invalid(text: &str) -> InvalidValue {
    InvalidValue::new("Invalid backup name", text)
}

impl FromStr for BackupName {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(invalid(text));
        }
        heapless::String::try_from(text).map(Self).map_err(|_| invalid(text))
    }
}

impl fmt::Display for BackupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a file is part of the configuration by its name: the license, keys and certificates, public keys of
/// accounts, the word list, the texts before and after a login, single sign-on bundles. A backup takes these along, and
/// a rollback replaces all of them.
pub fn is_configuration(name: &FileName) -> bool {
    let text = name.as_str();
    if text.ends_with(".filepart") {
        return false;
    }
    matches!(name.kind(), FileKind::License | FileKind::Pki)
        || matches!(text, "dictionary" | "motd" | "banner")
        || text.ends_with(".pub")
        || (text.starts_with("sso_") && text.ends_with(".zip"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_letters_digits_dashes_and_underscores() {
        for bad in ["", "a.b", "a b", "a/b", "ä", "x.bak", &"x".repeat(60)] {
            assert_eq!(bad.parse::<BackupName>().unwrap_err().to_string(), format!("Invalid backup name: {bad}"));
        }
        let longest = "x".repeat(59).parse::<BackupName>().unwrap();
        assert_eq!(longest.readable_file().as_str().len(), 64);
    }

    #[test]
    fn a_rollback_takes_the_name_or_the_file() {
        let name: BackupName = "before_upgrade".parse().unwrap();
        assert_eq!(BackupName::of_file("before_upgrade.bak").unwrap(), name);
        assert_eq!(BackupName::of_file("before_upgrade").unwrap(), name);
        assert_eq!(name.sealed_file().as_str(), "before_upgrade.bak");
        assert_eq!(BackupName::of_file("x.json").unwrap_err().to_string(), "Invalid backup name: x.json");
    }

    #[test]
    fn other_backups_logs_images_and_half_uploads_stay_out() {
        let part = |name: &str| is_configuration(&name.parse().unwrap());
        for taken in ["cms.lic", "onecert.key", "onecert.cer", "root.pub", "dictionary", "motd", "banner", "sso_x.zip"]
        {
            assert!(part(taken), "{taken}");
        }
        for left in ["x.bak", "x.json", "live.json", "log", "log.1", "audit", "upgrade.img", "a.pcap", "x.key.filepart"]
        {
            assert!(!part(left), "{left}");
        }
    }
}
