//! What an uploaded file is: certificates, keys, requests, or something that we cannot use, told as what it is.
//!
//! Invariants: PEM is looked for first, then DER; a file is taken whole or refused whole; a file that is larger than
//! [`LARGEST`] is refused before anything looks at it.

use zeroize::Zeroizing;

use x509_parser::{certification_request::X509CertificationRequest, prelude::FromDer};

use crate::{
    Certificate, LARGEST, PrivateKey, der,
    key::KeyError,
    pem::{self, Block},
};

/// How a file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Text.
    Pem,
    /// Bytes.
    Der,
}

/// A file.
#[derive(Clone, Debug)]
pub struct File {
    /// How it was written.
    pub encoding: Encoding,
    /// What it holds, in order.
    pub items: Vec<Item>,
}

/// A thing in a file.
#[derive(Clone, Debug)]
pub enum Item {
    /// A certificate.
    Certificate(Certificate),
    /// A signing request (PKCS#10), DER.
    Request(Vec<u8>),
    /// A private key.
    Key(PrivateKey),
    /// A private key that needs a passphrase; PKCS#8 when `true`, else of OpenSSL's old form.
    EncryptedKey {
        /// `EncryptedPrivateKeyInfo`, where it is one.
        pkcs8: Option<Zeroizing<Vec<u8>>>,
    },
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Larger than [`LARGEST`].
    #[error("it is larger than 1 MiB, which no key or certificate is")]
    TooLarge,
    /// No byte.
    #[error("it is empty")]
    Empty,
    /// Neither PEM nor DER.
    #[error("it is neither PEM nor DER")]
    Unknown,
    /// UTF-16, as an editor saved it.
    #[error("it is UTF-16 text; save it as ASCII or UTF-8")]
    Utf16,
    /// A block without its end.
    #[error("its {} block is cut short", crate::text::harmless(.0))]
    Unended(String),
    /// A block that holds something else than base64.
    #[error("its {} block is damaged: not base64", crate::text::harmless(.0))]
    NotBase64(String),
    /// PKCS#7 (`mmp.md` section 9.3).
    #[error("it is PKCS#7 (.p7b), which is not usable; export the chain as PEM, or: openssl pkcs7 -print_certs")]
    Pkcs7,
    /// PKCS#12.
    #[error("it is PKCS#12; `pki import` makes a key and certificates of a .p12 or .pfx file")]
    Pkcs12,
    /// A key of OpenSSH's.
    #[error("it is an OpenSSH key, which is not usable for TLS")]
    OpenSsh,
    /// Bytes that are no certificate, counted from 1.
    #[error("certificate {0} in it is damaged")]
    BadCertificate(usize),
    /// Bytes that are no request.
    #[error("the request in it is damaged")]
    BadRequest,
    /// A key that cannot be used.
    #[error("the key in it cannot be used: {0}")]
    BadKey(#[from] KeyError),
    /// PEM, with nothing of ours.
    #[error("it holds no key, certificate or request, but {}", crate::text::harmless(.0))]
    Other(String),
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// What it is instead, or what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > LARGEST {
            return Err(ReadError::TooLarge);
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(ReadError::Empty);
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(ReadError::Utf16);
        }
        if bytes[0] == der::SEQUENCE && der::first(bytes).is_some() {
            return Ok(Self { encoding: Encoding::Der, items: vec![of_der(bytes)?] });
        }
        let blocks = pem::blocks(bytes)?;
        let Some(first) = blocks.first() else { return Err(ReadError::Unknown) };
        let label = first.label.clone();
        let mut items = Vec::new();
        for block in &blocks {
            items.extend(of_block(block, items.len())?);
        }
        if items.is_empty() {
            return Err(ReadError::Other(label));
        }
        Ok(Self { encoding: Encoding::Pem, items })
    }

    /// Its certificates.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.items.iter().filter_map(|item| match item {
            Item::Certificate(certificate) => Some(certificate),
            _ => None,
        })
    }

    /// Its first key, unless a passphrase is needed.
    pub fn key(&self) -> Option<&PrivateKey> {
        self.items.iter().find_map(|item| match item {
            Item::Key(key) => Some(key),
            _ => None,
        })
    }

    /// Its first request.
    pub fn request(&self) -> Option<&[u8]> {
        self.items.iter().find_map(|item| match item {
            Item::Request(request) => Some(request.as_slice()),
            _ => None,
        })
    }

    /// Whether a key in it needs a passphrase.
    pub fn is_encrypted(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::EncryptedKey { .. }))
    }
}

fn of_block(block: &Block, before: usize) -> Result<Option<Item>, ReadError> {
    let content = &block.content;
    let encrypted = block.headers.iter().any(|header| header.contains("ENCRYPTED"));
    Ok(Some(match block.label.as_str() {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            // A "trusted" certificate of OpenSSL's has settings after it.
            let der = if block.label.starts_with("TRUSTED") { whole(content) } else { Some(content.as_slice()) };
            let certificate = der.and_then(Certificate::from_der);
            Item::Certificate(certificate.ok_or(ReadError::BadCertificate(before + 1))?)
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Item::Request(request(content)?),
        "PRIVATE KEY" => Item::Key(PrivateKey::from_pkcs8(content)?),
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" if encrypted => Item::EncryptedKey { pkcs8: None },
        "RSA PRIVATE KEY" => Item::Key(PrivateKey::from_pkcs1(content)?),
        "EC PRIVATE KEY" => Item::Key(PrivateKey::from_ec(content)?),
        "DSA PRIVATE KEY" => return Err(KeyError::Unsupported.into()),
        "ENCRYPTED PRIVATE KEY" => Item::EncryptedKey { pkcs8: Some(content.clone()) },
        "PKCS7" | "CMS" => return Err(ReadError::Pkcs7),
        "PKCS12" => return Err(ReadError::Pkcs12),
        "OPENSSH PRIVATE KEY" => return Err(ReadError::OpenSsh),
        // Parameters, public keys, revocation lists: of no use, and in nobody's way.
        _ => return Ok(None),
    }))
}

/// The first value with its own header.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (_, _, rest) = der::first(bytes)?;
    bytes.get(..bytes.len() - rest.len())
}

fn request(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    match X509CertificationRequest::from_der(bytes) {
        Ok(([], _)) => Ok(bytes.to_vec()),
        _ => Err(ReadError::BadRequest),
    }
}

/// Contents of OIDs: pkcs7-signedData; pkcs7-data, inside PKCS#12.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

fn of_der(bytes: &[u8]) -> Result<Item, ReadError> {
    if let Some(certificate) = Certificate::from_der(bytes) {
        return Ok(Item::Certificate(certificate));
    }
    if let Ok(request) = request(bytes) {
        return Ok(Item::Request(request));
    }
    let (content, _) = der::expect(bytes, der::SEQUENCE).ok_or(ReadError::Unknown)?;
    let second = der::expect(content, der::INTEGER).map(|(version, rest)| (version, rest.first().copied()));
    match (der::first(content), second) {
        (Some((der::OID, SIGNED_DATA, _)), _) => Err(ReadError::Pkcs7),
        (_, Some(([3], Some(der::SEQUENCE)))) => Err(ReadError::Pkcs12),
        (_, Some(([0 | 1], Some(der::SEQUENCE)))) => Ok(Item::Key(PrivateKey::from_pkcs8(bytes)?)),
        (_, Some(([0], Some(der::INTEGER)))) => Ok(Item::Key(PrivateKey::from_pkcs1(bytes)?)),
        (_, Some(([1], Some(der::OCTETS)))) => Ok(Item::Key(PrivateKey::from_ec(bytes)?)),
        // EncryptedPrivateKeyInfo: an algorithm, which begins with its name, and octets; nothing else.
        (Some((der::SEQUENCE, algorithm, rest)), None)
            if algorithm.first() == Some(&der::OID)
                && der::expect(rest, der::OCTETS).is_some_and(|(_, r)| r.is_empty()) =>
        {
            Ok(Item::EncryptedKey { pkcs8: Some(Zeroizing::new(bytes.to_vec())) })
        }
        (Some((der::SEQUENCE, ..)), _) => Err(ReadError::BadCertificate(1)),
        _ => Err(ReadError::Unknown),
    }
}
