//! Files of the SFTP folder that are made when they are read (`mmp.md` section 5).
//!
//! Invariants: what is handed out is a copy in memory that nobody can write to; nothing in it is a secret.

use std::{fs, io, os::unix::fs::MetadataExt};

use mmp_control::chain;
use mmp_model::{
    FileName, Settings,
    account::UnixTime,
    readable::{self, Cards},
};
use nix::{
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::memfd::{MFdFlags, memfd_create},
};

use crate::{
    appliance::{Appliance, RELEASE},
    durable,
    files::Producer,
    journal, logs,
    observe::links,
    setting_files::{self, SettingFile},
};

/// `boot.json` as it was made at the boot: a restarted mmpd reads newer settings.
const AT_BOOT: &str = "/run/mmpd/boot.json";

impl Producer for Appliance {
    fn names(&self) -> Vec<FileName> {
        let made = ["live.json", "boot.json"].into_iter().filter_map(|name| name.parse().ok());
        made.chain(setting_files::names(&self.settings())).chain(logs::files::names(self)).collect()
    }

    fn produce(&self, name: &FileName) -> Option<io::Result<fs::File>> {
        if let Some(log) = logs::files::produce(self, name) {
            return Some(log);
        }
        let text = match name.as_str() {
            "live.json" => Ok(self.readable(&self.settings()).into_bytes()),
            "boot.json" => fs::read(self.system.paths.system(AT_BOOT)),
            _ => Ok(SettingFile::named(name)?.content(&self.settings())?.into_bytes()),
        };
        Some(text.and_then(|text| sealed(name.as_str(), &text)))
    }

    fn describe(&self, name: &FileName) -> Option<io::Result<(u64, UnixTime)>> {
        if let Some(log) = logs::files::describe(self, name) {
            return Some(log);
        }
        let file = self.produce(name)?;
        Some(file.and_then(|file| file.metadata()).map(|metadata| (metadata.size(), metadata.mtime())))
    }
}

impl Appliance {
    /// Settings as text, without secrets.
    pub fn readable(&self, settings: &Settings) -> String {
        let cards: Cards = self.letters().into_iter().map(|letter| (letter, links::card(letter).mac)).collect();
        readable::write(settings, RELEASE, &cards)
    }

    /// Keeps what was read at the boot, once.
    pub fn keep_as_read_at_boot(&self) {
        let path = self.system.paths.system(AT_BOOT);
        if path.exists() {
            return;
        }
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        let text = self.readable(&self.settings());
        let kept = folder
            .map_err(|error| error.to_string())
            .and_then(|()| durable::replace_volatile(&path, text.as_bytes(), 0o600).map_err(|error| chain(&error)));
        if let Err(error) = kept {
            journal::warning(&format!("boot.json is not to be had until the next boot: {error}"));
        }
    }
}

/// A file in memory with this content for ever.
pub fn sealed(name: &str, content: &[u8]) -> io::Result<fs::File> {
    let file: fs::File = memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?.into();
    // Not written through the handle that is given away, whose position is the reader's.
    std::os::unix::fs::FileExt::write_all_at(&file, content, 0)?;
    let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn what_is_handed_out_can_be_read_and_not_written() {
        let mut file = sealed("live.json", b"text").unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
        assert!(file.write_all(b"more").is_err() && file.set_len(0).is_err());
    }
}
