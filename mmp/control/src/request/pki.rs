//! `pki`.

use mmp_model::{
    FileName, Username,
    certificates::{Basename, Subject},
};
use serde::{Deserialize, Serialize};

use crate::Secret;

/// `pki`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pki {
    /// Which file is used by which service.
    Show,
    /// Keys, requests and certificates of the folder, in the order in which they came.
    List,
    /// What is in a file.
    Inspect(FileName),
    /// Whether the certificate (or request) has this key.
    Match(FileName, FileName),
    /// Whether there is a path from the certificate to a root.
    Verify {
        /// The certificate.
        certificate: FileName,
        /// Intermediates, and the root unless it is in `ca`.
        bundle: FileName,
        /// Roots.
        ca: Option<FileName>,
    },
    /// Whether a key is locked; asked before the passphrase is.
    CheckUnlock(FileName),
    /// Replaces a key by the same one without its passphrase.
    Unlock(FileName, Secret),
    /// Whether a PKCS#12 file could be imported under the name; asked before the passphrase is.
    CheckImport(FileName, Option<Basename>),
    /// Makes files of what a PKCS#12 file holds, named after it or by the name.
    Import(FileName, Option<Basename>, Secret),
    /// Whether there is a PKCS#12 file for the account; asked before the passphrase is.
    CheckToSsh(Username),
    /// Gives an account the public key of its PKCS#12 file, and removes the file.
    ToSsh(Username, Secret),
    /// A new key and a request to sign it. Progress comes as dots.
    Csr(Basename, Subject),
    /// A new key and a certificate signed by it; without attributes, for the host name. Progress comes as dots.
    SelfSigned(Basename, Subject),
    /// Signs `<first>.csr` with `<second>.key` and `<second>.crt`.
    Sign(Basename, Basename),
}
