//! Key, certificate and chain as a service needs them: `webadmin enable` and every other `enable` and `restart` print
//! SUCCESS or FAILURE from [`check`] (`mmp.md` sections 9.5 and 10).
//!
//! Invariants: a [`Pair`]'s first certificate has the pair's key, is valid at the time of the check, and every
//! certificate after it issued the one before; roots are left out, since a peer that trusts one has it. What could be
//! put right without changing its meaning is put right and told as a [`Note`].

use zeroize::Zeroizing;

use crate::{Certificate, File, PrivateKey, ReadError};

/// Most certificates in a chain. Longer ones are no chains that a peer follows.
const LONGEST_CHAIN: usize = 10;

/// A key with its certificate, and the certificates that lead to a root.
#[derive(Clone, Debug)]
pub struct Pair {
    key: PrivateKey,
    chain: Vec<Certificate>,
    notes: Vec<Note>,
}

/// What was put right, or will trouble some peers. The text is for the administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// The files held the chain in another order.
    #[error("the certificates are not in order (own certificate, intermediates, root); they are used in the right one")]
    Reordered,
    /// The chain does not reach a root.
    #[error(
        "the chain is not complete: no issuer of the last certificate is in the files; peers that lack it will refuse"
    )]
    Incomplete,
    /// Certificates that lead nowhere.
    #[error("some certificates in the bundle have nothing to do with this one; they are not used")]
    Unrelated,
    /// An issuer's time is over or has not come.
    #[error("a certificate of the chain is not valid now; peers will refuse")]
    IssuerNotValid,
}

/// Why the files make no pair. The text is the line that the checklist prints after `FAILURE: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The key file cannot be read.
    #[error("Key file cannot be used: {0}")]
    Key(ReadError),
    /// The key file holds no key.
    #[error("Key file holds no private key")]
    NoKey,
    /// The key needs a passphrase.
    #[error("Key file is protected by a passphrase")]
    Encrypted,
    /// The certificate file cannot be read.
    #[error("Certificate file cannot be used: {0}")]
    Certificate(ReadError),
    /// The certificate file holds none.
    #[error("Certificate file holds no certificate")]
    NoCertificate,
    /// The bundle cannot be read.
    #[error("CA bundle file cannot be used: {0}")]
    Bundle(ReadError),
    /// The bundle holds no certificate.
    #[error("CA bundle file holds no certificate")]
    NoBundle,
    /// The certificate that has the key is in the bundle.
    #[error("Certificate file and CA bundle file are exchanged")]
    Exchanged,
    /// No certificate has the key.
    #[error("Key and certificate pair do not match")]
    NoMatch,
    /// Its time is over.
    #[error("Certificate has expired")]
    Expired {
        /// Last second of validity, in seconds since 1970 UTC.
        at: i64,
    },
    /// Its time has not come.
    #[error("Certificate is not valid yet")]
    NotYetValid {
        /// First second of validity, in seconds since 1970 UTC.
        from: i64,
    },
}

impl Fault {
    /// What to type or do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Encrypted => "type `pki unlock` with the key file",
            Self::Key(_)
            | Self::NoKey
            | Self::Certificate(_)
            | Self::NoCertificate
            | Self::Bundle(_)
            | Self::NoBundle => "`pki inspect` shows what the file is",
            Self::Exchanged => "name the certificate file first, then the bundle",
            Self::NoMatch => "`pki match` tells which key belongs to which certificate",
            Self::Expired { .. } => "make a request with `pki csr` and have it signed",
            Self::NotYetValid { .. } => "`date` shows the clock, `pki inspect` when the certificate begins",
        }
    }
}

/// Whether key, certificate and bundle are what a service can use at the time `now` (seconds since 1970 UTC).
///
/// # Errors
/// The first fault, in the order key, certificate, bundle, match, dates.
pub fn check(key: &[u8], certificate: &[u8], bundle: Option<&[u8]>, now: i64) -> Result<Pair, Fault> {
    let key = self::key(key)?;
    let own = File::read(certificate).map_err(Fault::Certificate)?;
    let own: Vec<Certificate> = own.certificates().cloned().collect();
    if own.is_empty() {
        return Err(Fault::NoCertificate);
    }
    let bundle = bundle.map_or(Ok(Vec::new()), |bundle| {
        let bundle: Vec<Certificate> = File::read(bundle).map_err(Fault::Bundle)?.certificates().cloned().collect();
        if bundle.is_empty() { Err(Fault::NoBundle) } else { Ok(bundle) }
    })?;
    let Some(place) = own.iter().position(|certificate| certificate.has_key(key.spki())) else {
        let exchanged = bundle.iter().any(|certificate| certificate.has_key(key.spki()));
        return Err(if exchanged { Fault::Exchanged } else { Fault::NoMatch });
    };
    let leaf = own[place].clone();
    if now > leaf.not_after() {
        return Err(Fault::Expired { at: leaf.not_after() });
    }
    if now < leaf.not_before() {
        return Err(Fault::NotYetValid { from: leaf.not_before() });
    }
    let mut others: Vec<Certificate> = own;
    others.extend(bundle);
    let (chain, notes) = follow(leaf, &others, place > 0, now);
    Ok(Pair { key, chain, notes })
}

fn key(bytes: &[u8]) -> Result<PrivateKey, Fault> {
    let file = File::read(bytes).map_err(Fault::Key)?;
    match file.key() {
        Some(key) => Ok(key.clone()),
        None if file.is_encrypted() => Err(Fault::Encrypted),
        None => Err(Fault::NoKey),
    }
}

/// Issuers of a certificate among the others, in order, the root last.
pub(crate) fn issuers(leaf: Certificate, others: &[Certificate], now: i64) -> Vec<Certificate> {
    let (chain, _) = follow(leaf, others, false, now);
    let last = chain.last().filter(|last| !last.is_self_issued());
    let root = last.and_then(|last| others.iter().find(|one| last.is_issued_by(one)));
    chain.iter().skip(1).chain(root).cloned().collect()
}

/// From the leaf to the root, each by the one that issued it.
fn follow(leaf: Certificate, others: &[Certificate], mut reordered: bool, now: i64) -> (Vec<Certificate>, Vec<Note>) {
    let mut chain = vec![leaf];
    let mut used: Vec<usize> = others.iter().enumerate().filter(|(_, c)| **c == chain[0]).map(|(i, _)| i).collect();
    let mut last_place = used.first().copied();
    let mut complete = false;
    let mut notes = Vec::new();
    while let Some(last) = chain.last() {
        if last.is_self_issued() && last.is_issued_by(last) {
            complete = true;
            break;
        }
        let valid = |certificate: &Certificate| (certificate.not_before()..=certificate.not_after()).contains(&now);
        let mut issuers = others.iter().enumerate().filter(|(i, c)| !used.contains(i) && last.is_issued_by(c));
        // Of several that have the same key, one that is valid now.
        let Some(first) = issuers.next() else { break };
        let (place, issuer) = if valid(first.1) { first } else { issuers.find(|(_, c)| valid(c)).unwrap_or(first) };
        if !valid(issuer) && !notes.contains(&Note::IssuerNotValid) {
            notes.push(Note::IssuerNotValid);
        }
        reordered |= last_place.is_some_and(|last| place < last);
        last_place = Some(place);
        used.extend(others.iter().enumerate().filter(|(_, c)| *c == issuer).map(|(i, _)| i));
        chain.push(issuer.clone());
        if chain.len() > LONGEST_CHAIN {
            break;
        }
    }
    if reordered {
        notes.insert(0, Note::Reordered);
    }
    if !complete {
        notes.push(Note::Incomplete);
    }
    if used.len() < others.len() {
        notes.push(Note::Unrelated);
    }
    if complete && chain.len() > 1 {
        chain.pop();
    }
    (chain, notes)
}

impl Pair {
    /// The key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Own certificate first, then its issuers, without the root.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// What was put right or will trouble some peers.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The own certificate.
    pub fn leaf(&self) -> &Certificate {
        &self.chain[0]
    }

    /// The chain, PEM.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::pem).collect()
    }

    /// The key as PKCS#8, PEM.
    pub fn key_pem(&self) -> Zeroizing<String> {
        self.key.pem()
    }

    /// The key as PKCS#8, DER.
    pub fn key_der(&self) -> &Zeroizing<Vec<u8>> {
        self.key.pkcs8()
    }

    /// Last second of validity of the own certificate, in seconds since 1970 UTC.
    pub fn expires(&self) -> i64 {
        self.leaf().not_after()
    }

    /// Names of the own certificate.
    pub fn names(&self) -> Vec<String> {
        self.leaf().names()
    }

    /// SHA-256 of the own certificate.
    pub fn fingerprint(&self) -> String {
        self.leaf().fingerprint()
    }
}

/// Certificates of a trust file, exactly as they are (`mmp.md` section 9.5: an allow-list).
///
/// # Errors
/// The file is none of certificates.
pub fn trusted(bytes: &[u8]) -> Result<Vec<Certificate>, Fault> {
    let file = File::read(bytes).map_err(Fault::Bundle)?;
    let certificates: Vec<Certificate> = file.certificates().cloned().collect();
    if certificates.is_empty() { Err(Fault::NoBundle) } else { Ok(certificates) }
}
