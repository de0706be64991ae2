//! `pki unlock`: a key without its passphrase (`mmp.md` section 9.1).
//!
//! Invariant: PKCS#8 is opened, with any of PBES2's ciphers (RFC 8018); OpenSSL's older form is told as such.

use pkcs8::EncryptedPrivateKeyInfoRef;

use crate::{File, Item, PrivateKey, ReadError, key::KeyError};

/// Why a key stays locked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// The file cannot be read.
    #[error("The file cannot be used: {0}")]
    Read(#[from] ReadError),
    /// The file holds no locked key.
    #[error("The key has no passphrase")]
    Unlocked,
    /// The file holds no key.
    #[error("The file holds no private key")]
    NoKey,
    /// OpenSSL's own form, or a cipher that is too old.
    #[error("The key is protected in a form that is not read here (old PEM encryption, or PBES1)")]
    Old,
    /// Wrong passphrase.
    #[error("Incorrect passphrase")]
    Passphrase,
    /// The right passphrase, and a key that cannot be used.
    #[error("The key in it cannot be used: {0}")]
    Key(KeyError),
}

/// Whether there is something to unlock; asked before the passphrase is.
///
/// # Errors
/// Why there is not.
pub fn check(bytes: &[u8]) -> Result<(), UnlockError> {
    locked(&File::read(bytes)?).map(drop)
}

/// The key in the file.
///
/// # Errors
/// Why it stays locked.
pub fn unlock(bytes: &[u8], passphrase: &str) -> Result<PrivateKey, UnlockError> {
    let file = File::read(bytes)?;
    let locked = locked(&file)?;
    let info = EncryptedPrivateKeyInfoRef::try_from(locked).map_err(|_| UnlockError::Old)?;
    let document = info.decrypt(passphrase).map_err(|_| UnlockError::Passphrase)?;
    PrivateKey::from_pkcs8(document.as_bytes()).map_err(UnlockError::Key)
}

fn locked(file: &File) -> Result<&[u8], UnlockError> {
    for item in &file.items {
        match item {
            Item::EncryptedKey { pkcs8: Some(bytes) } => {
                let info = EncryptedPrivateKeyInfoRef::try_from(bytes.as_slice()).map_err(|_| UnlockError::Old)?;
                return if info.encryption_algorithm.pbes2().is_some() { Ok(bytes) } else { Err(UnlockError::Old) };
            }
            Item::EncryptedKey { pkcs8: None } => return Err(UnlockError::Old),
            _ => {}
        }
    }
    Err(if file.key().is_some() { UnlockError::Unlocked } else { UnlockError::NoKey })
}
