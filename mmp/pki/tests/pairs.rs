//! What `webadmin enable` and its like promise of key, certificate and bundle.

#![allow(clippy::unwrap_used)]

use mmp_pki::{
    Fault, Note, Pair, PrivateKey, ReadError,
    pair::{self, check},
    pem,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};

/// 2026-06-01.
const NOW: i64 = 1_780_272_000;

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn params(name: &str, years: (i32, i32)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    params
}

fn authority(name: &str, by: Option<&Authority>) -> Authority {
    let mut params = params(name, (2020, 2040));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = match by {
        Some(by) => params.signed_by(&key, &by.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    Authority { pem: certificate.pem(), issuer: Issuer::new(params, key) }
}

/// Root, intermediate, and a host's key and certificate.
struct World {
    root: Authority,
    middle: Authority,
    key: KeyPair,
    certificate: String,
}

fn world(years: (i32, i32)) -> World {
    let root = authority("Root", None);
    let middle = authority("Middle", Some(&root));
    let key = KeyPair::generate().unwrap();
    let certificate = params("cms.example.com", years).signed_by(&key, &middle.issuer).unwrap().pem();
    World { root, middle, key, certificate }
}

impl World {
    fn check(&self, bundle: Option<&str>) -> Result<Pair, Fault> {
        check(self.key.serialize_pem().as_bytes(), self.certificate.as_bytes(), bundle.map(str::as_bytes), NOW)
    }
}

#[test]
fn a_pair_is_leaf_first_without_its_root() {
    let world = world((2025, 2027));
    let pair = world.check(Some(&format!("{}{}", world.middle.pem, world.root.pem))).unwrap();
    assert_eq!(pair.chain_pem(), format!("{}{}", world.certificate, world.middle.pem).replace("\r\n", "\n"));
    assert!(pair.notes().is_empty(), "{:?}", pair.notes());
    assert_eq!(pair.names(), ["cms.example.com"]);
    assert_eq!(pair.expires(), 1_798_761_600);
    assert_eq!(pair.fingerprint().len(), 95);
    assert_eq!(PrivateKey::from_pkcs8(pair.key_der()).unwrap().spki(), pair.key().spki());
}

#[test]
fn a_wrong_order_is_put_right_and_told() {
    let world = world((2025, 2027));
    let pair = world.check(Some(&format!("{}{}", world.root.pem, world.middle.pem))).unwrap();
    assert_eq!((pair.chain().len(), pair.notes()), (2, &[Note::Reordered][..]));
    let all = format!("{}{}{}", world.root.pem, world.middle.pem, world.certificate);
    let pair = check(world.key.serialize_pem().as_bytes(), all.as_bytes(), None, NOW).unwrap();
    assert_eq!((pair.leaf().names(), pair.notes()), (vec!["cms.example.com".into()], &[Note::Reordered][..]));
}

#[test]
fn a_gap_and_strangers_in_the_bundle_are_told() {
    let world = world((2025, 2027));
    assert_eq!(world.check(None).unwrap().notes(), [Note::Incomplete]);
    assert_eq!(world.check(Some(&world.root.pem)).unwrap().notes(), [Note::Incomplete, Note::Unrelated]);
    let stranger = authority("Middle", None);
    let pair = world.check(Some(&format!("{}{}{}", stranger.pem, world.middle.pem, world.root.pem))).unwrap();
    assert_eq!((pair.chain().len(), pair.notes()), (2, &[Note::Unrelated][..]));
}

#[test]
fn dates_decide() {
    assert_eq!(world((2020, 2021)).check(None).unwrap_err(), Fault::Expired { at: 1_609_459_200 });
    let early = world((2030, 2031)).check(None).unwrap_err();
    assert_eq!(early.to_string(), "Certificate is not valid yet");
}

#[test]
fn keys_and_certificates_that_do_not_belong_together_are_told() {
    let (one, other) = (world((2025, 2027)), world((2025, 2027)));
    let fault = check(one.key.serialize_pem().as_bytes(), other.certificate.as_bytes(), None, NOW).unwrap_err();
    assert_eq!(fault.to_string(), "Key and certificate pair do not match");
    let key = one.key.serialize_pem();
    let swapped = check(key.as_bytes(), one.middle.pem.as_bytes(), Some(one.certificate.as_bytes()), NOW);
    assert_eq!(swapped.unwrap_err(), Fault::Exchanged);
    assert_eq!(check(one.certificate.as_bytes(), key.as_bytes(), None, NOW).unwrap_err(), Fault::NoKey);
    assert_eq!(check(key.as_bytes(), key.as_bytes(), None, NOW).unwrap_err(), Fault::NoCertificate);
    assert_eq!(
        check(key.as_bytes(), one.certificate.as_bytes(), Some(b"hello"), NOW).unwrap_err(),
        Fault::Bundle(ReadError::Unknown)
    );
}

#[test]
fn rsa_in_its_old_form_and_der_serve_as_well() {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = params("cms.example.com", (2025, 2027)).self_signed(&key).unwrap();
    // PKCS#1 is what stands inside PKCS#8 behind 26 bytes, for a key of this size.
    let pkcs1 = pem::write("RSA PRIVATE KEY", &key.serialize_der()[26..]).replace('\n', "\r\n");
    for key in [pkcs1.as_bytes(), &key.serialize_der()[26..], &key.serialize_der()] {
        let pair = check(key, certificate.der(), None, NOW).unwrap();
        assert_eq!((pair.chain().len(), pair.notes().len()), (1, 0));
        assert_eq!(pair.key().algorithm().to_string(), "RSA 2048 bits");
    }
}

#[test]
fn what_is_too_large_is_refused_unread() {
    let large = vec![b'\n'; 10_000_000];
    assert_eq!(check(&large, &large, None, NOW).unwrap_err(), Fault::Key(ReadError::TooLarge));
    assert_eq!(pair::trusted(&large).unwrap_err(), Fault::Bundle(ReadError::TooLarge));
}
