//! One certificate: what a service and an administrator ask of it.
//!
//! Invariant: the bytes of a [`Certificate`] parse as X.509; whether it is a good one is another question.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use x509_parser::{
    certificate::X509Certificate, certification_request::X509CertificationRequest, extensions::GeneralName,
    prelude::FromDer, x509::SubjectPublicKeyInfo,
};

use crate::{
    pem,
    text::{colons, harmless},
};

/// An X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
}

impl Certificate {
    /// A certificate, and nothing after it.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let (rest, _) = X509Certificate::from_der(der).ok()?;
        rest.is_empty().then(|| Self { der: der.to_vec() })
    }

    /// DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM.
    pub fn pem(&self) -> String {
        pem::write("CERTIFICATE", &self.der).to_string()
    }

    /// Its fields.
    pub fn fields(&self) -> X509Certificate<'_> {
        X509Certificate::from_der(&self.der).map(|(_, fields)| fields).expect("it parsed when it was made")
    }

    /// First second of validity, in seconds since 1970 UTC.
    pub fn not_before(&self) -> i64 {
        self.fields().validity().not_before.timestamp()
    }

    /// Last second of validity, in seconds since 1970 UTC.
    pub fn not_after(&self) -> i64 {
        self.fields().validity().not_after.timestamp()
    }

    /// Whether it is its own issuer, by name.
    pub fn is_self_issued(&self) -> bool {
        let fields = self.fields();
        fields.subject().as_raw() == fields.issuer().as_raw()
    }

    /// Whether the other one issued it: by name, by key identifier where both tell, and by its signature where its
    /// algorithm is one that we check.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let (own, other) = (self.fields(), issuer.fields());
        if own.issuer().as_raw() != other.subject().as_raw() {
            return false;
        }
        use x509_parser::error::X509Error;
        match own.verify_signature(Some(other.public_key())) {
            Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => true,
            Err(_) => false,
        }
    }

    /// Whether the public key in it is this one (SubjectPublicKeyInfo, DER).
    pub fn has_key(&self, spki: &[u8]) -> bool {
        // The algorithm's parameters may be written in more than one way; the key itself may not.
        SubjectPublicKeyInfo::from_der(spki)
            .is_ok_and(|(_, key)| key.subject_public_key.data == self.fields().public_key().subject_public_key.data)
    }

    /// SHA-256 over the whole, as `AB:CD:...`.
    pub fn fingerprint(&self) -> String {
        colons(digest(&SHA256, &self.der).as_ref())
    }

    /// The first common name, made harmless to print.
    pub fn common_name(&self) -> Option<String> {
        let fields = self.fields();
        let name = fields.subject().iter_common_name().next()?;
        name.as_str().ok().map(harmless)
    }

    /// Host names, addresses and URIs of `subjectAltName`, made harmless to print.
    pub fn alternative_names(&self) -> Vec<String> {
        let fields = self.fields();
        let Ok(Some(names)) = fields.subject_alternative_name() else { return Vec::new() };
        let shown = names.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(text) | GeneralName::URI(text) | GeneralName::RFC822Name(text) => Some(harmless(text)),
            GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
            _ => None,
        });
        shown.collect()
    }

    /// The common name and the alternative names, each once.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.common_name().into_iter().collect();
        for name in self.alternative_names() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// Whether a signing request (PKCS#10, DER) has this public key (SubjectPublicKeyInfo, DER).
pub fn request_has_key(request: &[u8], spki: &[u8]) -> bool {
    let Ok((_, request)) = X509CertificationRequest::from_der(request) else { return false };
    SubjectPublicKeyInfo::from_der(spki).is_ok_and(|(_, key)| {
        key.subject_public_key.data == request.certification_request_info.subject_pki.subject_public_key.data
    })
}

/// An address of `subjectAltName`.
pub(crate) fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(v4.into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}
