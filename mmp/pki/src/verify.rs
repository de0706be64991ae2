//! `pki verify`: the path from a certificate to a root, as a peer would walk it (RFC 5280 section 6), and in words what
//! is wrong with it (`mmp.md` section 9.4).
//!
//! Invariants: only a self-signed certificate of the given files is a root; revocation and policies are not looked at;
//! the cost is bounded by [`LONGEST`] times the certificates given. This is advice for an administrator: connections
//! are checked by the TLS library.

use x509_parser::{
    certificate::X509Certificate,
    error::X509Error,
    extensions::ParsedExtension,
    oid_registry::{
        OID_HASH_SHA1, OID_NIST_EC_P521, OID_PKCS1_MD5WITHRSAENC, OID_PKCS1_SHA1WITHRSA, OID_SIG_ECDSA_WITH_SHA256,
        OID_SIG_ECDSA_WITH_SHA384, OID_SIG_ECDSA_WITH_SHA512,
    },
    public_key::PublicKey,
    x509::{SubjectPublicKeyInfo, X509Version},
};

use crate::{Certificate, constraints, text::harmless};

/// Most certificates between the first and the root.
const LONGEST: usize = 10;

/// What is wrong. `who` is the subject of the certificate that it is wrong with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The chain ends before a root.
    #[error("unable to get issuer: nothing in the files signed {who}; its issuer is {issuer}")]
    NoIssuer {
        /// The last that was found.
        who: String,
        /// The name of the missing one.
        issuer: String,
    },
    /// It signed itself and is in no file of roots.
    #[error("self-signed, and not one of the trusted certificates: {who}")]
    SelfSigned {
        /// Which.
        who: String,
    },
    /// Its time is over.
    #[error("expired on {at}: {who}")]
    Expired {
        /// Which.
        who: String,
        /// The last second.
        at: String,
    },
    /// Its time has not come.
    #[error("not valid before {from}: {who}")]
    NotYetValid {
        /// Which.
        who: String,
        /// The first second.
        from: String,
    },
    /// It signed another one and is no authority.
    #[error("not an authority, and has signed another certificate: {who}")]
    NotAuthority {
        /// Which.
        who: String,
    },
    /// More authorities below it than it allows.
    #[error("more authorities below it than it allows (path length): {who}")]
    PathLength {
        /// Which.
        who: String,
    },
    /// A name that an authority must not vouch for.
    #[error("an authority above must not vouch for the name {name} (name constraints): {who}")]
    Constraint {
        /// The authority.
        who: String,
        /// The name.
        name: String,
    },
    /// The signature is not its issuer's.
    #[error("signature does not fit its issuer's key: {who}")]
    Signature {
        /// Which.
        who: String,
    },
    /// Broken hash.
    #[error("signed with {algorithm}, which is broken; peers refuse it: {who}")]
    WeakSignature {
        /// Which.
        who: String,
        /// `SHA-1`.
        algorithm: &'static str,
    },
    /// Too short a key.
    #[error("key of {bits} bits, too short; peers refuse it: {who}")]
    WeakKey {
        /// Which.
        who: String,
        /// Bits of the modulus.
        bits: usize,
    },
    /// An algorithm that we do not check.
    #[error("signed with an algorithm that is not known here: {who}")]
    UnknownAlgorithm {
        /// Which.
        who: String,
    },
    /// Neither for servers nor for clients of TLS.
    #[error("not made for TLS (extended key usage has neither server nor client): {who}")]
    Usage {
        /// Which.
        who: String,
    },
    /// An extension that must be understood and is not.
    #[error("has a critical extension that is not known ({oid}): {who}")]
    Critical {
        /// Which.
        who: String,
        /// Dotted.
        oid: String,
    },
    /// An extension that cannot be read, or is there twice.
    #[error("has an extension that is damaged: {who}")]
    Extension {
        /// Which.
        who: String,
    },
}

impl Problem {
    /// What to type or do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoIssuer { .. } => {
                "get the issuer's certificate from your authority and add it to the bundle: intermediates, then root"
            }
            Self::SelfSigned { .. } => "name the certificate itself as the bundle if you trust it",
            Self::Expired { .. } => "have it renewed: `pki csr` makes a request; `date` shows the clock",
            Self::NotYetValid { .. } => "`date` shows the clock; else wait, or have it made anew",
            Self::Signature { .. } => "the issuer's certificate is another one of the same name; get the right one",
            Self::Critical { .. } | Self::Extension { .. } | Self::UnknownAlgorithm { .. } => {
                "`pki inspect` shows it; have it made anew without"
            }
            Self::NotAuthority { .. }
            | Self::PathLength { .. }
            | Self::Constraint { .. }
            | Self::WeakSignature { .. }
            | Self::WeakKey { .. }
            | Self::Usage { .. } => "`pki inspect` shows it; have it made anew by your authority",
        }
    }
}

/// The path from `certificate` to one of the self-signed ones of `roots`, by way of `others`, at `now` (seconds since
/// 1970 UTC); the root is the last.
///
/// # Errors
/// The first problem from the certificate upwards.
pub fn verify<'a>(
    certificate: &'a Certificate,
    others: &'a [Certificate],
    roots: &'a [Certificate],
    now: i64,
) -> Result<Vec<&'a Certificate>, Problem> {
    let path = path(certificate, others, roots, now)?;
    let fields: Vec<X509Certificate<'_>> = path.iter().map(|certificate| certificate.fields()).collect();
    for (depth, one) in fields.iter().enumerate() {
        let is_root = depth + 1 == fields.len();
        alone(one, now)?;
        if depth > 0 {
            authority(one, depth - 1, &fields[1..depth])?;
        }
        if let Some(issuer) = fields.get(depth + 1) {
            signature(one, issuer.public_key())?;
        } else if !is_root || depth == 0 {
            signature(one, one.public_key())?;
        }
        if !is_root || depth == 0 {
            purpose(one)?;
        }
        constraints::check(one, &fields[..depth]).map_err(|name| Problem::Constraint { who: who(one), name })?;
    }
    Ok(path)
}

/// By names and signatures; of several issuers, one that is valid now.
fn path<'a>(
    certificate: &'a Certificate,
    others: &'a [Certificate],
    roots: &'a [Certificate],
    now: i64,
) -> Result<Vec<&'a Certificate>, Problem> {
    let mut path = vec![certificate];
    loop {
        let last = path[path.len() - 1];
        let fields = last.fields();
        if last.is_self_issued() && signature(&fields, fields.public_key()).err().is_none_or(|p| !is_bad(&p)) {
            return if roots.contains(last) { Ok(path) } else { Err(Problem::SelfSigned { who: who(&fields) }) };
        }
        let issuer_name = fields.issuer().as_raw();
        let candidates = roots.iter().chain(others).filter(|c| !path.contains(c));
        let mut named: Vec<&Certificate> =
            candidates.filter(|c| c.fields().subject().as_raw() == issuer_name).collect();
        let no_issuer = || Problem::NoIssuer { who: who(&fields), issuer: name(fields.issuer()) };
        if named.is_empty() || path.len() > LONGEST {
            return Err(no_issuer());
        }
        let fits = |c: &&Certificate| signature(&fields, c.fields().public_key()).err().is_none_or(|p| !is_bad(&p));
        named.retain(fits);
        let valid = |c: &&&Certificate| (c.not_before()..=c.not_after()).contains(&now);
        let Some(next) = named.iter().find(valid).or(named.first()) else {
            return Err(Problem::Signature { who: who(&fields) });
        };
        path.push(next);
    }
}

fn is_bad(problem: &Problem) -> bool {
    matches!(problem, Problem::Signature { .. })
}

/// Dates, key and extensions of one certificate.
fn alone(one: &X509Certificate<'_>, now: i64) -> Result<(), Problem> {
    let validity = one.validity();
    if now > validity.not_after.timestamp() {
        return Err(Problem::Expired { who: who(one), at: crate::text::day(validity.not_after.timestamp()) });
    }
    if now < validity.not_before.timestamp() {
        return Err(Problem::NotYetValid { who: who(one), from: crate::text::day(validity.not_before.timestamp()) });
    }
    if let Ok(PublicKey::RSA(key)) = one.public_key().parsed() {
        let bits = key.key_size();
        if bits < 2048 {
            return Err(Problem::WeakKey { who: who(one), bits });
        }
    }
    for (place, extension) in one.extensions().iter().enumerate() {
        if one.extensions()[..place].iter().any(|other| other.oid == extension.oid) {
            return Err(Problem::Extension { who: who(one) });
        }
        match extension.parsed_extension() {
            ParsedExtension::ParseError { .. } => return Err(Problem::Extension { who: who(one) }),
            ParsedExtension::UnsupportedExtension { oid } if extension.critical => {
                return Err(Problem::Critical { who: who(one), oid: oid.to_id_string() });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether it may have signed another one, with `below` authorities between it and the first certificate.
fn authority(one: &X509Certificate<'_>, below: usize, between: &[X509Certificate<'_>]) -> Result<(), Problem> {
    let not = || Problem::NotAuthority { who: who(one) };
    let damaged = |_| Problem::Extension { who: who(one) };
    let may_sign = one.key_usage().map_err(damaged)?.map(|usage| usage.value.key_cert_sign());
    if may_sign == Some(false) {
        return Err(not());
    }
    match one.basic_constraints().map_err(damaged)? {
        Some(constraints) if !constraints.value.ca => Err(not()),
        Some(constraints) => {
            // Those that issued themselves, to change a key, do not count (RFC 5280 section 4.2.1.9).
            let counted = between.iter().filter(|c| c.subject().as_raw() != c.issuer().as_raw()).count().min(below);
            let most = constraints.value.path_len_constraint;
            let over = most.is_some_and(|most| usize::try_from(most).is_ok_and(|most| counted > most));
            if over { Err(Problem::PathLength { who: who(one) }) } else { Ok(()) }
        }
        // What `pki selfsigned` makes, and roots that are older than the extension.
        None if may_sign == Some(true) => Ok(()),
        None if one.version() == X509Version::V1 && one.subject().as_raw() == one.issuer().as_raw() => Ok(()),
        None => Err(not()),
    }
}

/// Whether the certificate is one that others may be signed with.
pub fn may_sign(certificate: &Certificate) -> bool {
    authority(&certificate.fields(), 0, &[]).is_ok()
}

/// Whether it is made for TLS at all; authorities in between limit what is below them.
fn purpose(one: &X509Certificate<'_>) -> Result<(), Problem> {
    let usage = one.extended_key_usage().map_err(|_| Problem::Extension { who: who(one) })?;
    match usage {
        Some(usage) if !(usage.value.any || usage.value.server_auth || usage.value.client_auth) => {
            Err(Problem::Usage { who: who(one) })
        }
        _ => Ok(()),
    }
}

/// Whether the signature is the key's, and by an algorithm that still proves something.
pub fn signature(one: &X509Certificate<'_>, key: &SubjectPublicKeyInfo<'_>) -> Result<(), Problem> {
    let algorithm = &one.signature_algorithm.algorithm;
    if *algorithm == OID_PKCS1_MD5WITHRSAENC {
        return Err(Problem::WeakSignature { who: who(one), algorithm: "MD5" });
    }
    if let Ok(PublicKey::RSA(rsa)) = key.parsed() {
        let bits = rsa.key_size();
        if bits < 2048 {
            return Err(Problem::WeakKey { who: who(one), bits });
        }
    }
    let verdict = x509_parser::verify::verify_signature(
        key,
        &one.signature_algorithm,
        &one.signature_value,
        one.tbs_certificate.as_ref(),
    );
    match verdict {
        Ok(()) if sha1(one) => Err(Problem::WeakSignature { who: who(one), algorithm: "SHA-1" }),
        Ok(()) => Ok(()),
        Err(X509Error::SignatureUnsupportedAlgorithm) => p521(one, key),
        Err(_) => Err(Problem::Signature { who: who(one) }),
    }
}

fn sha1(one: &X509Certificate<'_>) -> bool {
    let algorithm = &one.signature_algorithm.algorithm;
    *algorithm == OID_PKCS1_SHA1WITHRSA || *algorithm == OID_HASH_SHA1
}

/// The curve that the parser does not check.
fn p521(one: &X509Certificate<'_>, key: &SubjectPublicKeyInfo<'_>) -> Result<(), Problem> {
    use aws_lc_rs::signature::{
        ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, UnparsedPublicKey,
    };
    let unknown = || Problem::UnknownAlgorithm { who: who(one) };
    let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
    if curve != Some(OID_NIST_EC_P521) {
        return Err(unknown());
    }
    let used = &one.signature_algorithm.algorithm;
    let algorithm = if *used == OID_SIG_ECDSA_WITH_SHA256 {
        &ECDSA_P521_SHA256_ASN1
    } else if *used == OID_SIG_ECDSA_WITH_SHA384 {
        &ECDSA_P521_SHA384_ASN1
    } else if *used == OID_SIG_ECDSA_WITH_SHA512 {
        &ECDSA_P521_SHA512_ASN1
    } else {
        return Err(unknown());
    };
    UnparsedPublicKey::new(algorithm, &key.subject_public_key.data)
        .verify(one.tbs_certificate.as_ref(), &one.signature_value.data)
        .map_err(|_| Problem::Signature { who: who(one) })
}

fn who(one: &X509Certificate<'_>) -> String {
    name(one.subject())
}

fn name(name: &x509_parser::x509::X509Name<'_>) -> String {
    let text = crate::inspect::name(name);
    if text.is_empty() { "(no name)".into() } else { harmless(&text) }
}
