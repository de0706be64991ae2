//! The file, opened.
//!
//! Invariant: old files (RC2, 3DES, SHA-1) are opened as well as new ones (AES-256, PBKDF2): the passphrase is what
//! protects, and who imports the file has it.

use openssl::{error::ErrorStack, pkcs12::Pkcs12, provider::Provider};

/// Why it stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// No PKCS#12, or a part of it.
    Damaged,
    /// The passphrase is another one.
    Passphrase,
    /// Certificates only.
    NoKey,
    /// A cipher or a kind of key that OpenSSL does not know.
    Unsupported,
}

/// Number of OpenSSL's library PKCS12, and its reason `mac verify failure` (`openssl/pkcs12err.h`).
const LIBRARY: i32 = 35;
const MAC_VERIFY_FAILURE: i32 = 113;

/// Key (PKCS#8), its certificate and the others, PEM.
///
/// # Errors
/// Why it stays closed.
pub fn open(file: &[u8], passphrase: &str) -> Result<Vec<u8>, Closed> {
    // RC2 and its like. Where the provider is missing, files of today open all the same.
    let _legacy = Provider::try_load(None, "legacy", true);
    // OpenSSL's passphrases end at a zero byte: no other one is this file's.
    if passphrase.contains('\0') {
        return Err(Closed::Passphrase);
    }
    let file = Pkcs12::from_der(file).map_err(|_| Closed::Damaged)?;
    let found = file.parse2(passphrase).map_err(|error| reason(&error))?;
    let key = found.pkey.ok_or(Closed::NoKey)?;
    let mut pem = key.private_key_to_pem_pkcs8().map_err(|_| Closed::Unsupported)?;
    for certificate in found.cert.iter().map(AsRef::as_ref).chain(found.ca.iter().flatten()) {
        let one: &openssl::x509::X509Ref = certificate;
        pem.extend(one.to_pem().map_err(|_| Closed::Damaged)?);
    }
    Ok(pem)
}

fn reason(errors: &ErrorStack) -> Closed {
    let is = |reason: i32| errors.errors().iter().any(|e| e.library_code() == LIBRARY && e.reason_code() == reason);
    let unknown = errors.errors().iter().any(|error| error.reason().is_some_and(|text| text.contains("unsupported")));
    if is(MAC_VERIFY_FAILURE) {
        Closed::Passphrase
    } else if unknown {
        Closed::Unsupported
    } else {
        Closed::Damaged
    }
}
