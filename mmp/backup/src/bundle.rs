//! The content of a backup: one line of JSON with the settings and an index, then the files one after the other.
//!
//! Invariants: a file's name occurs once; nothing is before, between or behind the files; whatever is read can be
//! written again.

use std::collections::BTreeSet;

use mmp_model::{
    FileName, Settings,
    account::UnixTime,
    versions::{self, Stored, VersionError},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::MAX_CONTENT;

/// Host keys of SSH begin so.
const HOST_KEY: &str = "ssh_host_";

/// What a backup brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Of every family.
    pub settings: Settings,
    /// Of the SFTP folder.
    pub files: Vec<Item>,
    /// The appliance's SSH host keys and their public halves.
    pub host_keys: Vec<Item>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: FileName,
    /// When it was last changed, in seconds since 1970 UTC.
    pub modified: UnixTime,
    /// All of it; cleared when it is dropped, since it may be a private key.
    pub content: Zeroizing<Vec<u8>>,
}

/// Why bytes are not the content of a backup.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Cut short, or not written by this program.
    #[error("its content is damaged")]
    Malformed,
    /// The settings are another release's.
    #[error("its settings do not fit this release")]
    Version(#[from] VersionError),
    /// More than [`MAX_CONTENT`].
    #[error("it holds more than {} MiB", MAX_CONTENT >> 20)]
    TooLarge,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    settings: Stored,
    files: Vec<Entry>,
    host_keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: FileName,
    modified: UnixTime,
    size: u64,
}

impl Bundle {
    /// As bytes.
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, BundleError> {
        let entry =
            |item: &Item| Entry { name: item.name.clone(), modified: item.modified, size: item.content.len() as u64 };
        let index = Index {
            settings: versions::store(&self.settings),
            files: self.files.iter().map(entry).collect(),
            host_keys: self.host_keys.iter().map(entry).collect(),
        };
        let line = Zeroizing::new(serde_json::to_vec(&index).expect("an index has text keys only"));
        let items = || self.files.iter().chain(&self.host_keys);
        let size = line.len() + 1 + items().map(|item| item.content.len()).sum::<usize>();
        if size > MAX_CONTENT {
            return Err(BundleError::TooLarge);
        }
        // Of the right size from the start: a vector that grows leaves copies of keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        items().for_each(|item| bytes.extend_from_slice(&item.content));
        Ok(bytes)
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_CONTENT {
            return Err(BundleError::TooLarge);
        }
        let end = bytes.iter().position(|&byte| byte == b'\n').ok_or(BundleError::Malformed)?;
        let index: Index = serde_json::from_slice(&bytes[..end]).map_err(|_| BundleError::Malformed)?;
        let mut rest = &bytes[end + 1..];
        let files = items(index.files, &mut rest)?;
        let host_keys = items(index.host_keys, &mut rest)?;
        if !rest.is_empty() || host_keys.iter().any(|item| !item.name.as_str().starts_with(HOST_KEY)) {
            return Err(BundleError::Malformed);
        }
        Ok(Self { settings: versions::load(index.settings)?, files, host_keys })
    }
}

fn items(entries: Vec<Entry>, rest: &mut &[u8]) -> Result<Vec<Item>, BundleError> {
    let mut seen = BTreeSet::new();
    let item = |entry: Entry| {
        let size = usize::try_from(entry.size).map_err(|_| BundleError::Malformed)?;
        let (content, behind) = rest.split_at_checked(size).ok_or(BundleError::Malformed)?;
        *rest = behind;
        if !seen.insert(entry.name.clone()) {
            return Err(BundleError::Malformed);
        }
        Ok(Item { name: entry.name, modified: entry.modified, content: Zeroizing::new(content.to_vec()) })
    };
    entries.into_iter().map(item).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use mmp_model::account::{Accounts, PasswordHash};
    use proptest::prelude::*;

    use super::*;

    pub fn item(name: &str, content: &[u8]) -> Item {
        Item { name: name.parse().unwrap(), modified: 1_791_205_440, content: Zeroizing::new(content.to_vec()) }
    }

    pub fn bundle() -> Bundle {
        Bundle {
            settings: Settings::factory(Accounts::factory(PasswordHash::new("$y$secret".into()))),
            files: vec![item("cms.lic", b"license\n"), item("one.key", &[0, 10, 255]), item("empty.cer", b"")],
            host_keys: vec![item("ssh_host_ed25519_key", b"private")],
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(Bundle::decode(&bundle().encode().unwrap()).unwrap(), bundle());
    }

    #[test]
    fn names_twice_and_other_host_keys_are_refused() {
        let mut twice = bundle();
        twice.files.push(item("cms.lic", b""));
        assert!(matches!(Bundle::decode(&twice.encode().unwrap()), Err(BundleError::Malformed)));
        let mut other = bundle();
        other.host_keys.push(item("moduli", b""));
        assert!(matches!(Bundle::decode(&other.encode().unwrap()), Err(BundleError::Malformed)));
    }

    #[test]
    fn more_or_less_than_the_index_says_is_refused() {
        let bytes = bundle().encode().unwrap();
        assert!(matches!(Bundle::decode(&bytes[..bytes.len() - 1]), Err(BundleError::Malformed)));
        assert!(matches!(Bundle::decode(&[&bytes[..], b"x"].concat()), Err(BundleError::Malformed)));
    }

    #[test]
    fn too_much_is_refused_before_it_is_put_together() {
        let mut large = bundle();
        large.files.push(item("large.pem", &vec![0; MAX_CONTENT]));
        assert!(matches!(large.encode(), Err(BundleError::TooLarge)));
    }

    proptest! {
        #[test]
        fn changed_content_never_panics_and_what_is_read_can_be_written(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()
        ) {
            let mut bytes = bundle().encode().unwrap().to_vec();
            let place = at.index(bytes.len());
            bytes[place] = byte;
            bytes.truncate(cut.index(bytes.len()) + 1);
            if let Ok(read) = Bundle::decode(&bytes) {
                prop_assert_eq!(Bundle::decode(&read.encode().unwrap()).unwrap(), read);
            }
        }
    }
}
