//! Private keys: PKCS#8, PKCS#1 and SEC1 in, PKCS#8 out.
//!
//! Invariants: a [`PrivateKey`] is one that signs here, its halves belong together, and its memory is cleared when it
//! is dropped; nothing prints it.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    },
};
use zeroize::Zeroizing;

use crate::{der, pem};

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, with the bits of its modulus.
    Rsa(usize),
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
    /// ECDSA on P-521.
    P521,
    /// Ed25519.
    Ed25519,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits} bits"),
            Self::P256 => f.write_str("EC P-256"),
            Self::P384 => f.write_str("EC P-384"),
            Self::P521 => f.write_str("EC P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not one that we sign with.
    #[error("it is of a kind that is not usable here; RSA, EC (P-256, P-384, P-521) and Ed25519 are")]
    Unsupported,
    /// Weaker than any peer takes today.
    #[error("it has only {0} bits; RSA keys need 2048 or more")]
    Weak(usize),
    /// Bytes that make no key, or halves that do not belong together.
    #[error("it is damaged")]
    Damaged,
}

/// A private key that signs.
#[derive(Clone)]
pub struct PrivateKey {
    algorithm: Algorithm,
    pkcs8: Zeroizing<Vec<u8>>,
    spki: Vec<u8>,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.algorithm)
    }
}

/// Contents of the OIDs of key algorithms.
const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519_OID: &[u8] = &[0x2b, 0x65, 0x70];

impl PrivateKey {
    /// From PKCS#8 (RFC 5208, RFC 5958).
    ///
    /// # Errors
    /// The reason why it is not usable.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, KeyError> {
        let (algorithm, key) = parts_of_pkcs8(bytes).ok_or(KeyError::Damaged)?;
        match algorithm {
            RSA_OID => Self::from_pkcs1(key),
            EC_OID => Self::from_ec(bytes),
            ED25519_OID => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).map_err(|_| KeyError::Damaged)?;
                let document = pair.to_pkcs8v1().map_err(|_| KeyError::Damaged)?;
                Self::new(Algorithm::Ed25519, document.as_ref(), pair.public_key())
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// From PKCS#1 (RFC 8017 appendix A.1.2).
    ///
    /// # Errors
    /// The reason why it is not usable.
    pub fn from_pkcs1(bytes: &[u8]) -> Result<Self, KeyError> {
        let bits = modulus_bits(bytes).ok_or(KeyError::Damaged)?;
        if bits < 2048 {
            return Err(KeyError::Weak(bits));
        }
        if bits > 8192 {
            return Err(KeyError::Unsupported);
        }
        let pair = rsa::KeyPair::from_der(bytes).map_err(|_| KeyError::Damaged)?;
        Self::new(Algorithm::Rsa(bits), &der::pkcs8_of_rsa(bytes), pair.public_key())
    }

    /// From SEC1 (RFC 5915), or PKCS#8 with such a key inside.
    ///
    /// # Errors
    /// The reason why it is not usable.
    pub fn from_ec(bytes: &[u8]) -> Result<Self, KeyError> {
        let curves: [(Algorithm, &'static EcdsaSigningAlgorithm); 3] = [
            (Algorithm::P256, &ECDSA_P256_SHA256_ASN1_SIGNING),
            (Algorithm::P384, &ECDSA_P384_SHA384_ASN1_SIGNING),
            (Algorithm::P521, &ECDSA_P521_SHA512_ASN1_SIGNING),
        ];
        for (algorithm, curve) in curves {
            if let Ok(pair) = EcdsaKeyPair::from_private_key_der(curve, bytes) {
                let document = pair.to_pkcs8v1().map_err(|_| KeyError::Damaged)?;
                return Self::new(algorithm, document.as_ref(), pair.public_key());
            }
        }
        Err(KeyError::Unsupported)
    }

    fn new(
        algorithm: Algorithm,
        pkcs8: &[u8],
        public: &impl AsDer<PublicKeyX509Der<'static>>,
    ) -> Result<Self, KeyError> {
        let spki = public.as_der().map_err(|_| KeyError::Damaged)?.as_ref().to_vec();
        Ok(Self { algorithm, pkcs8: Zeroizing::new(pkcs8.to_vec()), spki })
    }

    /// What it is.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// PKCS#8, DER.
    pub fn pkcs8(&self) -> &Zeroizing<Vec<u8>> {
        &self.pkcs8
    }

    /// PKCS#8, PEM.
    pub fn pem(&self) -> Zeroizing<String> {
        pem::write("PRIVATE KEY", &self.pkcs8)
    }

    /// SubjectPublicKeyInfo of its public half, DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }
}

/// The algorithm's OID and the key inside.
fn parts_of_pkcs8(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (content, _) = der::expect(bytes, der::SEQUENCE)?;
    let (_, rest) = der::expect(content, der::INTEGER)?;
    let (algorithm, rest) = der::expect(rest, der::SEQUENCE)?;
    let (oid, _) = der::expect(algorithm, der::OID)?;
    let (key, _) = der::expect(rest, der::OCTETS)?;
    Some((oid, key))
}

fn modulus_bits(pkcs1: &[u8]) -> Option<usize> {
    let (content, _) = der::expect(pkcs1, der::SEQUENCE)?;
    let (_, rest) = der::expect(content, der::INTEGER)?;
    let (modulus, _) = der::expect(rest, der::INTEGER)?;
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = *modulus.get(zeros)?;
    Some((modulus.len() - zeros) * 8 - usize::try_from(first.leading_zeros()).ok()?)
}
