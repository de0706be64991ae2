//! The file around the content: two lines that anybody may read, then the content encrypted and authenticated with
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), the two lines being its associated data.
//!
//! ```text
//! ROSTRUM-BACKUP 1
//! {"release":"0.1.0","families":{"dns":1},"made":1791205440,"hostname":"cms1","mac":"...","key":"...","nonce":"..."}
//! ciphertext, 16 bytes of tag
//! ```

use std::collections::BTreeMap;

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use mmp_model::{Hostname, account::UnixTime, versions};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::{BackupKey, Bundle, MAX_FILE, bundle::BundleError};

/// First line of every version of the file, up to its number.
const MAGIC: &[u8] = b"ROSTRUM-BACKUP ";
/// Version of this form of the file.
const FORM: &[u8] = b"1\n";
/// Longest head, magic and header with their line feeds.
pub const MAX_HEAD: usize = 8 << 10;
/// Bytes that the cipher adds.
pub const TAG: usize = 16;
/// Bytes of nonce, enough for random ones never to meet.
pub const NONCE: usize = 24;

/// What the file says of itself without a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// That took it.
    pub release: String,
    /// Versions of the families' settings in it.
    pub families: BTreeMap<String, u32>,
    /// When it was taken, in seconds since 1970 UTC.
    pub made: UnixTime,
    /// Name of the appliance.
    pub hostname: Hostname,
    /// Hardware address of interface a, which licenses name.
    pub mac: Option<String>,
    /// Name of the key that opens it.
    pub key: String,
    /// Hexadecimal.
    nonce: String,
}

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a backup, cut short or changed.
    #[error("the file is not as it was when the backup was taken")]
    Damaged,
    /// More than [`MAX_FILE`] bytes.
    #[error("the file is larger than a backup can be")]
    TooLarge,
    /// Another release's, which is named where the file has it.
    #[error("the backup was made with another release")]
    OtherRelease(Option<String>),
    /// Another appliance's key opens it.
    #[error("the backup wants another key")]
    WrongKey,
    /// As it was sealed, and yet nothing to restore.
    #[error(transparent)]
    Content(#[from] BundleError),
}

/// A backup file whose header was read.
#[derive(Debug)]
pub struct Sealed {
    /// What it says of itself. Not proved before [`Sealed::open`].
    pub header: Header,
    bytes: Vec<u8>,
    head: usize,
}

/// Seals a bundle. The nonce is fresh random bytes.
pub fn seal(
    bundle: &Bundle,
    release: &str,
    made: UnixTime,
    mac: Option<String>,
    key: &BackupKey,
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, BundleError> {
    let header = Header {
        release: release.to_owned(),
        families: versions::known(),
        made,
        hostname: bundle.settings.hostname.clone(),
        mac,
        key: key.name(),
        nonce: hexadecimal(&nonce),
    };
    let mut head = [MAGIC, FORM].concat();
    head.extend(serde_json::to_vec(&header).expect("a header has text keys only"));
    head.push(b'\n');
    let mut content = bundle.encode()?;
    // In place, with room for what the cipher adds: no copy of the content stays behind.
    let tag = cipher(key).encrypt_inout_detached(&XNonce::from(nonce), &head, content.as_mut_slice().into());
    let tag = tag.map_err(|_| BundleError::TooLarge)?;
    head.extend_from_slice(&content);
    head.extend_from_slice(&tag);
    Ok(head)
}

impl Sealed {
    /// Reads the header, and refuses what is no backup or not of this release.
    pub fn read(bytes: Vec<u8>, release: &str) -> Result<Self, OpenError> {
        if bytes.len() > MAX_FILE {
            return Err(OpenError::TooLarge);
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(OpenError::Damaged)?;
        let Some(rest) = rest.strip_prefix(FORM) else {
            // A whole number that is not ours is a later form; anything else was changed.
            let number = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let later = (1..=4).contains(&number.len()) && number.iter().all(u8::is_ascii_digit);
            return Err(if later { OpenError::OtherRelease(None) } else { OpenError::Damaged });
        };
        let end = rest.iter().take(MAX_HEAD).position(|&byte| byte == b'\n').ok_or(OpenError::Damaged)?;
        let header: Header = serde_json::from_slice(&rest[..end]).map_err(|_| OpenError::Damaged)?;
        if header.release != release || header.families != versions::known() {
            return Err(OpenError::OtherRelease(Some(header.release)));
        }
        let head = MAGIC.len() + FORM.len() + end + 1;
        if bytes.len() < head + TAG {
            return Err(OpenError::Damaged);
        }
        Ok(Self { header, bytes, head })
    }

    /// Whether the key is the one that it wants.
    pub fn wants(&self, key: &BackupKey) -> bool {
        self.header.key == key.name()
    }

    /// Proves the whole file and gives its content.
    pub fn open(&mut self, key: &BackupKey) -> Result<Bundle, OpenError> {
        if !self.wants(key) {
            return Err(OpenError::WrongKey);
        }
        let nonce = bytes_of(&self.header.nonce).ok_or(OpenError::Damaged)?;
        let (head, body) = self.bytes.split_at(self.head);
        let (content, tag) = body.split_last_chunk::<TAG>().ok_or(OpenError::Damaged)?;
        let mut content = Zeroizing::new(content.to_vec());
        cipher(key)
            .decrypt_inout_detached(&XNonce::from(nonce), head, content.as_mut_slice().into(), &(*tag).into())
            .map_err(|_| OpenError::Damaged)?;
        Ok(Bundle::decode(&content)?)
    }
}

fn cipher(key: &BackupKey) -> XChaCha20Poly1305 {
    let mut bytes = key.cipher();
    let cipher = XChaCha20Poly1305::new(&(*bytes).into());
    bytes.zeroize();
    cipher
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(text: &str) -> Option<[u8; NONCE]> {
    let mut bytes = [0; NONCE];
    if text.len() != 2 * NONCE || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bundle::tests::bundle;

    fn key() -> BackupKey {
        BackupKey::new([1; crate::key::BYTES])
    }

    fn file() -> Vec<u8> {
        seal(&bundle(), "0.1.0", 7, Some("52:54:00:52:4F:00".into()), &key(), [3; NONCE]).unwrap()
    }

    fn read(bytes: Vec<u8>) -> Result<Bundle, OpenError> {
        Sealed::read(bytes, "0.1.0")?.open(&key())
    }

    #[test]
    fn what_is_sealed_is_opened_and_nothing_of_it_can_be_read_outside() {
        assert_eq!(read(file()).unwrap(), bundle());
        let bytes = file();
        for secret in [&b"license"[..], b"$y$", b"private"] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        }
    }

    #[test]
    fn another_key_is_told_from_damage() {
        let mut sealed = Sealed::read(file(), "0.1.0").unwrap();
        let other = BackupKey::new([2; crate::key::BYTES]);
        assert!(!sealed.wants(&other));
        assert!(matches!(sealed.open(&other), Err(OpenError::WrongKey)));
        // A header that claims the other key does not open with it either.
        let text = String::from_utf8_lossy(&file()[..MAX_HEAD.min(file().len())]).into_owned();
        let mut bytes = file();
        let at = text.find(&key().name()).unwrap();
        bytes[at..at + 12].copy_from_slice(other.name().as_bytes());
        assert!(matches!(Sealed::read(bytes, "0.1.0").unwrap().open(&other), Err(OpenError::Damaged)));
    }

    #[test]
    fn another_release_is_refused_by_its_name() {
        assert!(matches!(Sealed::read(file(), "0.2.0"), Err(OpenError::OtherRelease(Some(r))) if r == "0.1.0"));
        let later = [MAGIC, b"2\n{}"].concat();
        assert!(matches!(Sealed::read(later, "0.1.0"), Err(OpenError::OtherRelease(None))));
    }

    #[test]
    fn what_is_cut_or_no_backup_or_too_large_is_refused() {
        let file = file();
        for length in 0..file.len() {
            assert!(matches!(read(file[..length].to_vec()), Err(OpenError::Damaged | OpenError::OtherRelease(_))));
        }
        assert!(matches!(read(vec![0; MAX_FILE + 1]), Err(OpenError::TooLarge)));
    }

    proptest! {
        #[test]
        fn no_changed_bit_goes_through(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
            let mut bytes = file();
            let place = at.index(bytes.len());
            bytes[place] ^= 1 << bit;
            prop_assert!(read(bytes).is_err());
        }
    }
}
