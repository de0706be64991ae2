//! `pki import` and `pki pkcs12-to-ssh`: what was in a PKCS#12 file, put in order.
//!
//! Invariants: the certificate is that of the key; the bundle holds its issuers, the root last, and nothing else.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use x509_parser::{prelude::FromDer as _, public_key::PublicKey, x509::SubjectPublicKeyInfo};
use zeroize::Zeroizing;

use crate::{Certificate, File, PrivateKey, ReadError, key::Algorithm, pair};

/// Why it makes no files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A part cannot be read.
    #[error("The file cannot be used: {0}")]
    Read(#[from] ReadError),
    /// No key.
    #[error("The file holds no private key")]
    NoKey,
    /// No certificate, or none of this key.
    #[error("The file holds no certificate of its key")]
    NoCertificate,
}

/// What becomes files.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The key.
    pub key: PrivateKey,
    /// Its certificate.
    pub certificate: Certificate,
    /// Who issued it, in order, the root last. May be empty.
    pub issuers: Vec<Certificate>,
}

impl Imported {
    /// From the PEM of all parts; `now` in seconds since 1970 UTC chooses between issuers with one key.
    ///
    /// # Errors
    /// What is missing, or cannot be used.
    pub fn read(pem: &[u8], now: i64) -> Result<Self, ImportError> {
        let file = File::read(pem)?;
        let key = file.key().ok_or(ImportError::NoKey)?.clone();
        let all: Vec<Certificate> = file.certificates().cloned().collect();
        let certificate = all.iter().find(|one| one.has_key(key.spki())).ok_or(ImportError::NoCertificate)?.clone();
        let issuers = pair::issuers(certificate.clone(), &all, now);
        Ok(Self { key, certificate, issuers })
    }

    /// The issuers in one file.
    pub fn bundle(&self) -> String {
        self.issuers.iter().map(Certificate::pem).collect()
    }
}

/// The public half of the key as a line of OpenSSH's (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4).
pub fn ssh_line(key: &PrivateKey, comment: &str) -> Option<String> {
    let (_, spki) = SubjectPublicKeyInfo::from_der(key.spki()).ok()?;
    let point = spki.subject_public_key.data.as_ref();
    let curve = |name: &str| (format!("ecdsa-sha2-{name}"), [&string(name.as_bytes())[..], &string(point)].concat());
    let (kind, fields) = match (key.algorithm(), spki.parsed().ok()?) {
        (Algorithm::Rsa(_), PublicKey::RSA(rsa)) => {
            ("ssh-rsa".to_owned(), [number(rsa.exponent), number(rsa.modulus)].concat())
        }
        (Algorithm::P256, _) => curve("nistp256"),
        (Algorithm::P384, _) => curve("nistp384"),
        (Algorithm::P521, _) => curve("nistp521"),
        (Algorithm::Ed25519, _) => ("ssh-ed25519".to_owned(), string(point)),
        (Algorithm::Rsa(_), _) => return None,
    };
    let blob = [string(kind.as_bytes()), fields].concat();
    Some(format!("{kind} {} {comment}\n", BASE64_STANDARD.encode(blob)))
}

/// `string` of RFC 4251 section 5.
fn string(bytes: &[u8]) -> Vec<u8> {
    // What a key of at most 8192 bits is made of is far shorter than 4 GiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// `mpint` of RFC 4251 section 5, of a positive number.
fn number(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros..];
    let sign = digits.first().is_some_and(|first| *first >= 0x80);
    string(&[if sign { &[0][..] } else { &[] }, digits].concat())
}

/// What mmpd hands to the program that opens PKCS#12: the passphrase's length, the passphrase, the file.
pub fn question(passphrase: &str, file: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(passphrase.len()).unwrap_or(u32::MAX);
    let mut question = Zeroizing::new(Vec::with_capacity(4 + passphrase.len() + file.len()));
    question.extend_from_slice(&length.to_be_bytes());
    question.extend_from_slice(passphrase.as_bytes());
    question.extend_from_slice(file);
    question
}
