//! Files of the SFTP folder that are settings: `<user>.pub`, `banner`, `motd` (`mmp.md` sections 2.5, 5 and 26).
//!
//! Invariants: the setting is the truth, and such a file is a view of it: made when it is read, checked and taken when
//! its upload is whole; a file that is refused changes nothing. No file of such a name is ever on the disk's folder.

mod folder;

pub use folder::answer;
use mmp_control::{
    Kind, Refusal, Request,
    request::{Ssh, Text},
};
use mmp_model::{
    FileName, Settings, Username,
    ssh::{FileError, PublicKeys},
    text::{LoginText, Which},
};

use crate::change::ssh::may_have_keys;

/// What the file's setting is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingFile {
    /// An account's public keys.
    Keys(Username),
    /// A text of the login.
    Text(Which),
}

impl SettingFile {
    /// What a name stands for, when it stands for a setting.
    pub fn named(name: &FileName) -> Option<Self> {
        let name = name.as_str();
        let text = [Which::Banner, Which::Motd].into_iter().find(|which| which.word() == name).map(Self::Text);
        text.or_else(|| name.strip_suffix(".pub")?.parse().ok().map(Self::Keys))
    }

    /// Whether an upload of this name can be taken at all; asked before its bytes are.
    pub fn check_name(&self, settings: &Settings) -> Result<(), Refusal> {
        match self {
            Self::Keys(user) => may_have_keys(&settings.accounts, user),
            Self::Text(_) => Ok(()),
        }
    }

    /// The content, while there is a setting.
    pub fn content(&self, settings: &Settings) -> Option<String> {
        match self {
            Self::Keys(user) => settings.ssh.keys.get(user).map(PublicKeys::file),
            Self::Text(which) => settings.texts.get(*which).map(|text| format!("{text}\n")),
        }
    }

    /// The request that an upload of this content comes down to.
    pub fn set(&self, content: &[u8]) -> Result<Request, Refusal> {
        let unusable = |error: String| {
            Refusal::new(Kind::BadValue, format!("The file was not taken: {error}")).state("Nothing was changed")
        };
        match self {
            Self::Keys(user) => {
                let keys = PublicKeys::read(content).map_err(|error| unusable(error.to_string()))?;
                Ok(Request::Ssh(Ssh::SetKeys(user.clone(), keys)))
            }
            Self::Text(which) => {
                let text = std::str::from_utf8(content).map_err(|_| unusable(FileError::NotText.to_string()))?;
                let text: LoginText =
                    text.parse().map_err(|error: mmp_model::InvalidValue| unusable(error.to_string()))?;
                Ok(Request::Text(*which, Text::Add(text)))
            }
        }
    }

    /// The request that removing the file comes down to.
    pub fn remove(&self) -> Request {
        match self {
            Self::Keys(user) => Request::Ssh(Ssh::DelKeys(user.clone())),
            Self::Text(which) => Request::Text(*which, Text::Del),
        }
    }
}

/// Names of all that are there.
pub fn names(settings: &Settings) -> Vec<FileName> {
    let keys = settings.ssh.keys.keys().filter_map(|user| format!("{user}.pub").parse().ok());
    let texts = [Which::Banner, Which::Motd].into_iter().filter(|which| settings.texts.get(*which).is_some());
    keys.chain(texts.filter_map(|which| which.word().parse().ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::clean;

    fn named(name: &str) -> Option<SettingFile> {
        SettingFile::named(&name.parse().unwrap())
    }

    #[test]
    fn names_stand_for_settings_or_for_files() {
        assert_eq!(named("bob.pub"), Some(SettingFile::Keys("bob".parse().unwrap())));
        assert_eq!(named("a.b.pub"), Some(SettingFile::Keys("a.b".parse().unwrap())));
        assert_eq!(named("motd"), Some(SettingFile::Text(Which::Motd)));
        for file in ["bob.pub.filepart", "motd.txt", "sshd.pub", "1.pub", "bob.PUB", "Banner"] {
            assert_eq!(named(file), None, "{file}");
        }
    }

    #[test]
    fn an_upload_is_taken_or_refused_with_the_reason() {
        let motd = SettingFile::Text(Which::Motd);
        assert!(matches!(motd.set(b"hello\n"), Ok(Request::Text(Which::Motd, Text::Add(_)))));
        assert_eq!(
            motd.set(b"\x1b[2J").unwrap_err().message,
            "The file was not taken: Invalid text: no control characters"
        );
        let keys = named("bob.pub").unwrap();
        assert_eq!(
            keys.set(b"-----BEGIN OPENSSH PRIVATE KEY-----\n").unwrap_err().message,
            "The file was not taken: line 1: this is a private key, which must never leave its owner; upload the .pub \
             file"
        );
        assert_eq!(keys.check_name(&clean()).unwrap_err().message, "No such user: bob");
    }

    #[test]
    fn the_file_is_a_view_of_the_setting() {
        let mut settings = clean();
        assert!(names(&settings).is_empty());
        settings.texts.banner = Some("Authorised use only".parse().unwrap());
        assert_eq!(names(&settings), ["banner".parse().unwrap()]);
        assert_eq!(SettingFile::Text(Which::Banner).content(&settings).unwrap(), "Authorised use only\n");
    }
}
