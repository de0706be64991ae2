//! What is made here is what `pki verify` and peers take.

#![allow(clippy::unwrap_used)]

use mmp_model::certificates::Subject;
use mmp_pki::{
    Certificate, Fault, File, Problem, generate, inspect, pair,
    unlock::{UnlockError, unlock},
    verify,
};

/// 2026-06-01.
const NOW: i64 = 1_780_272_000;

fn subject(words: &[&str]) -> Subject {
    Subject::of(words).unwrap()
}

fn certificate(pem: &str) -> Certificate {
    File::read(pem.as_bytes()).unwrap().certificates().next().unwrap().clone()
}

#[test]
fn a_self_signed_pair_is_one_and_ends_after_825_days() {
    for kind in ["rsa2048", "ec256", "ec384"] {
        let made = generate::self_signed(&subject(&["CN:cms.example.com", &format!("keyType:{kind}")]), NOW).unwrap();
        let pair = pair::check(made.key.as_bytes(), made.public.as_bytes(), None, NOW).unwrap();
        assert!(pair.notes().is_empty(), "{:?}", pair.notes());
        assert_eq!(pair.expires(), NOW + 825 * 86_400);
        let late = pair::check(made.key.as_bytes(), made.public.as_bytes(), None, pair.expires() + 1);
        assert!(matches!(late, Err(Fault::Expired { .. })));
        let own = vec![pair.leaf().clone()];
        verify::verify(pair.leaf(), &[], &own, NOW).unwrap();
        assert!(matches!(verify::verify(pair.leaf(), &[], &[], NOW), Err(Problem::SelfSigned { .. })));
    }
}

#[test]
fn a_request_is_signed_by_a_pair_made_here() {
    let words = [
        "CN:server01.example.com",
        "OU:Video",
        "O:Example Ltd",
        "L:Köln",
        "ST:NRW",
        "C:de",
        "emailAddress:it@example.com",
        "subjectAltName:join.example.com,192.0.2.10,https://a.example.com/x",
        "keyType:ec256",
    ];
    let request = generate::request(&subject(&words)).unwrap();
    let authority = generate::self_signed(&subject(&["CN:Example CA", "O:Example Ltd", "keyType:ec256"]), NOW).unwrap();
    let issuer = certificate(&authority.public);
    let issuer_key = File::read(authority.key.as_bytes()).unwrap().key().unwrap().clone();
    let file = File::read(request.public.as_bytes()).unwrap();
    let signed = generate::sign(file.request().unwrap(), &issuer, &issuer_key, NOW).unwrap();
    let leaf = certificate(&signed);
    let roots = [issuer.clone()];
    assert_eq!(verify::verify(&leaf, &[], &roots, NOW).unwrap().len(), 2);
    let text = inspect::certificate(&leaf);
    for part in [
        "Subject: emailAddress=it@example.com, C=DE, ST=NRW, L=Köln, O=Example Ltd, OU=Video, CN=server01.example.com",
        "Issuer: O=Example Ltd, CN=Example CA",
        "DNS:server01.example.com, DNS:join.example.com, IP Address:192.0.2.10, URI:https://a.example.com/x",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "CA:FALSE",
        "Not Before: May 31 00:00:00 2026 GMT",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(matches!(
        generate::sign(&file.request().unwrap()[1..], &issuer, &issuer_key, NOW),
        Err(generate::MakeError::Library(_))
    ));
}

#[test]
fn inspecting_a_key_tells_its_kind_and_nothing_of_it() {
    let made = generate::request(&subject(&["CN:a", "keyType:ec256"])).unwrap();
    let file = File::read(made.key.as_bytes()).unwrap();
    assert_eq!(inspect::text(&file), "File contains a PEM encoded private key\n    EC P-256");
    assert!(!format!("{file:?}").contains(&format!("{:?}", &made.key.as_bytes()[40..60])));
    let request = File::read(made.public.as_bytes()).unwrap();
    let text = inspect::text(&request);
    assert!(text.contains("Subject: CN=a") && text.contains("Signature: made with the key inside"), "{text}");
}

#[test]
fn an_unlocked_key_needs_no_passphrase() {
    let made = generate::request(&subject(&["CN:a", "keyType:ec256"])).unwrap();
    assert_eq!(unlock(made.key.as_bytes(), "x").unwrap_err(), UnlockError::Unlocked);
    assert_eq!(unlock(made.public.as_bytes(), "x").unwrap_err(), UnlockError::NoKey);
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(unlock(old.as_bytes(), "x").unwrap_err(), UnlockError::Old);
}
