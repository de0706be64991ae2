//! Keys, requests, self-signed and locally signed certificates (`mmp.md` section 9.3).
//!
//! Invariants: a certificate begins a day before it is made, so that peers whose clocks are behind take it, and ends
//! after [`VALIDITY_DAYS`]. A self-signed one has no basicConstraints but may sign: it serves as a service's own
//! certificate (peers refuse one that is marked as an authority there) and as the issuer of `pki sign`.

use jiff::Timestamp;
use mmp_model::certificates::{AlternativeName, Field, KeyKind, Subject};
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize,
    SanType, SerialNumber,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::{Certificate, PrivateKey, pem};

/// How long certificates made here are valid, in days: the most that Apple's systems take of any server, whoever
/// signed it.
pub const VALIDITY_DAYS: i64 = 825;
/// How long before it is made a certificate begins, in seconds.
const EARLIER: i64 = 86_400;
/// emailAddress (PKCS#9).
const EMAIL: &[u64] = &[1, 2, 840, 113_549, 1, 9, 1];

/// A key and what was made with it.
#[derive(Debug)]
pub struct Made {
    /// PKCS#8, PEM.
    pub key: Zeroizing<String>,
    /// The request or the certificate, PEM.
    pub public: String,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The library could not.
    #[error("the key or certificate could not be made")]
    Library(#[from] rcgen::Error),
    /// The request's own signature is wrong.
    #[error("the request is damaged: its signature does not fit")]
    Signature,
    /// The request wants something that is not signed here.
    #[error("the request asks for something that is not signed here: only names and usages are")]
    Unsupported,
    /// An authority that was not made here.
    #[error("the authority's name has a form that is not signed with here; use one made by `pki selfsigned`")]
    Name,
    /// A time that no certificate can hold.
    #[error("the clock is wrong")]
    Clock,
    /// No randomness.
    #[error("no random numbers are to be had")]
    Random,
}

/// A new key and a request to sign it.
///
/// # Errors
/// The library failed.
pub fn request(subject: &Subject) -> Result<Made, MakeError> {
    let key = new_key(subject.key)?;
    let request = params(subject)?.serialize_request(&key)?;
    Ok(Made { key: key_pem(&key), public: pem::write("CERTIFICATE REQUEST", request.der()).to_string() })
}

/// A new key and a certificate signed by it, made at `now` (seconds since 1970 UTC).
///
/// # Errors
/// The library failed, or the clock is out of range.
pub fn self_signed(subject: &Subject, now: i64) -> Result<Made, MakeError> {
    let key = new_key(subject.key)?;
    let mut params = params(subject)?;
    params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    date(&mut params, now)?;
    let certificate = params.self_signed(&key)?;
    Ok(Made { key: key_pem(&key), public: pem::write("CERTIFICATE", certificate.der()).to_string() })
}

/// Signs a request (PKCS#10, DER) with an authority's pair at `now` (seconds since 1970 UTC); PEM.
///
/// # Errors
/// The request is damaged or asks for what is not signed here.
pub fn sign(request: &[u8], issuer: &Certificate, issuer_key: &PrivateKey, now: i64) -> Result<String, MakeError> {
    let mut wanted = CertificateSigningRequestParams::from_der(&request.into()).map_err(|error| match error {
        rcgen::Error::UnsupportedExtension => MakeError::Unsupported,
        rcgen::Error::InvalidCertificationRequestSignature => MakeError::Signature,
        other => MakeError::Library(other),
    })?;
    // Whoever asks does not make an authority of itself.
    wanted.params.is_ca = rcgen::IsCa::ExplicitNoCa;
    wanted.params.key_usages = usages();
    if wanted.params.extended_key_usages.is_empty() {
        wanted.params.extended_key_usages = purposes();
    }
    wanted.params.use_authority_key_identifier_extension = true;
    date(&mut wanted.params, now)?;
    let key = KeyPair::try_from(issuer_key.pkcs8().as_slice())?;
    let signer = Issuer::from_ca_cert_der(&issuer.der().into(), key)?;
    let certificate = wanted.signed_by(&signer)?;
    // The library writes the authority's name anew, and cannot write every name that there is.
    let made = Certificate::from_der(certificate.der()).ok_or(MakeError::Name)?;
    if !made.is_issued_by(issuer) {
        return Err(MakeError::Name);
    }
    Ok(pem::write("CERTIFICATE", certificate.der()).to_string())
}

fn new_key(kind: KeyKind) -> Result<KeyPair, MakeError> {
    Ok(match kind {
        KeyKind::Rsa2048 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        KeyKind::Rsa3072 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_3072)?,
        KeyKind::Rsa4096 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096)?,
        KeyKind::Ec256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
        KeyKind::Ec384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?,
    })
}

fn key_pem(key: &KeyPair) -> Zeroizing<String> {
    pem::write("PRIVATE KEY", key.serialized_der())
}

fn usages() -> Vec<KeyUsagePurpose> {
    vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]
}

/// Services of one appliance are each other's clients too (`mmp.md` section 9.5).
fn purposes() -> Vec<ExtendedKeyUsagePurpose> {
    vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]
}

fn params(subject: &Subject) -> Result<CertificateParams, MakeError> {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    // From the country down to the name, as directories are written.
    for (field, value) in subject.fields.iter().rev() {
        let (kind, value) = match field {
            Field::CommonName => (DnType::CommonName, DnValue::Utf8String(value.clone())),
            Field::OrganizationalUnit => (DnType::OrganizationalUnitName, DnValue::Utf8String(value.clone())),
            Field::Organization => (DnType::OrganizationName, DnValue::Utf8String(value.clone())),
            Field::Locality => (DnType::LocalityName, DnValue::Utf8String(value.clone())),
            Field::State => (DnType::StateOrProvinceName, DnValue::Utf8String(value.clone())),
            Field::Country => (DnType::CountryName, DnValue::PrintableString(value.as_str().try_into()?)),
            Field::Email => (DnType::CustomDnType(EMAIL.to_vec()), DnValue::Ia5String(value.as_str().try_into()?)),
        };
        name.push(kind, value);
    }
    params.distinguished_name = name;
    let names = subject.all_names().into_iter().map(|name| {
        Ok(match name {
            AlternativeName::Dns(host) => SanType::DnsName(host.as_str().try_into()?),
            AlternativeName::Ip(address) => SanType::IpAddress(address),
            AlternativeName::Uri(uri) => SanType::URI(uri.as_str().try_into()?),
        })
    });
    params.subject_alt_names = names.collect::<Result<_, rcgen::Error>>()?;
    params.key_usages = usages();
    params.extended_key_usages = purposes();
    Ok(params)
}

fn date(params: &mut CertificateParams, now: i64) -> Result<(), MakeError> {
    let at = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| MakeError::Clock);
    // What the library cannot write (before 1950, after 9999) no clock shows.
    Timestamp::from_second(now).map_err(|_| MakeError::Clock)?;
    params.not_before = at(now.max(EARLIER) - EARLIER)?;
    params.not_after = at(now.saturating_add(VALIDITY_DAYS * 86_400))?;
    let mut serial = [0; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| MakeError::Random)?;
    // Positive, and of one length (RFC 5280 section 4.1.2.2).
    serial[0] = (serial[0] & 0x7f) | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}
