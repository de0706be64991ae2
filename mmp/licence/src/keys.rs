//! Keys of issuers: public ones on the appliance, private ones at the operator's.
//!
//! Invariant: a key's id is made from the key, so that none can take another's place.

use std::{collections::BTreeMap, fmt};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::Draft;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey([u8; 32]);

impl IssuerKey {
    /// From base64.
    pub fn read(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first eight bytes of its SHA-256, in hexadecimal.
    pub fn id(&self) -> String {
        digest(&SHA256, &self.0).as_ref()[..8].iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl fmt::Display for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_STANDARD.encode(self.0))
    }
}

/// Keys that an appliance trusts, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring(BTreeMap<String, IssuerKey>);

impl Keyring {
    /// From a file: a key a line, in base64, with any comment after a blank; lines that begin with `#` are comments.
    /// What is no key is passed over.
    pub fn read(text: &str) -> Self {
        let keys = text.lines().filter_map(|line| IssuerKey::read(line.split_whitespace().next()?));
        Self(keys.map(|key| (key.id(), key)).collect())
    }

    /// A key by its id.
    pub fn get(&self, id: &str) -> Option<&IssuerKey> {
        self.0.get(id)
    }
}

/// An issuer's private key.
pub struct Issuer(Ed25519KeyPair);

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key.
    #[error("the file holds no Ed25519 key (PKCS#8, DER in base64)")]
    Unreadable,
    /// No randomness.
    #[error("no key could be made")]
    Random,
}

impl Issuer {
    /// A new key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| KeyError::Random)
    }

    /// From a file: comments that begin with `#`, and PKCS#8 in base64.
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let encoded: String = text.lines().filter(|line| !line.starts_with('#')).map(str::trim).collect();
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| KeyError::Unreadable)?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&bytes).map(Self).map_err(|_| KeyError::Unreadable)
    }

    /// For a file.
    ///
    /// # Errors
    /// The library failed.
    pub fn write(&self) -> Result<String, KeyError> {
        let document = self.0.to_pkcs8v1().map_err(|_| KeyError::Random)?;
        Ok(BASE64_STANDARD.encode(document.as_ref()))
    }

    /// Its public half.
    pub fn public(&self) -> IssuerKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        IssuerKey(bytes)
    }

    /// Signs a licence: the file.
    pub fn sign(&self, draft: &Draft) -> String {
        let text = draft.text(&self.public().id());
        let signature = self.0.sign(text.as_bytes());
        format!("{text}Signature: {}\n", BASE64_STANDARD.encode(signature.as_ref()))
    }
}
