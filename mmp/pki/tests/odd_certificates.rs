//! `pki verify` and `pki inspect` beside OpenSSL and GnuTLS, on certificates that are odd (`tests/odd/make.sh` makes
//! them and asks the peers). Where the peers agree, so do we; where they do not, the table below says why we side with
//! whom. OpenSSL is asked again where it is installed.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::{fs, path::PathBuf, process::Command};

use mmp_pki::{
    Certificate, File, ReadError, inspect,
    unlock::{UnlockError, unlock},
    verify,
};

/// 2027-01-01 00:00:00 UTC, the time of all answers.
const AT: i64 = 1_798_761_600;

/// Where OpenSSL and GnuTLS do not agree: whether the certificate is good for us.
const SIDES: [(&str, bool, &str); 4] = [
    ("ends-now", true, "the last second belongs to the validity (RFC 5280 section 4.1.2.5)"),
    ("code-signing", false, "GnuTLS looks at usages only when told which one it wants"),
    ("self-signed-trusted", true, "who trusts the certificate itself needs no authority"),
    ("authority-as-server", true, "TLS libraries differ; whether a service takes it, its `enable` tells"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/odd")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn certificates(name: &str) -> Vec<Certificate> {
    let file = File::read(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    file.certificates().cloned().collect()
}

struct Case {
    name: String,
    file: String,
    bundle: String,
    openssl: String,
    gnutls: String,
    serial: String,
    first: String,
    last: String,
}

fn cases() -> Vec<Case> {
    let text = String::from_utf8(read("answers.tsv")).unwrap();
    let cases = text.lines().map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_else(|| panic!("{line}"));
        Case {
            name: next(),
            file: next(),
            bundle: next(),
            openssl: next(),
            gnutls: next(),
            serial: next(),
            first: next(),
            last: next(),
        }
    });
    cases.collect()
}

fn roots(bundle: &[Certificate]) -> Vec<Certificate> {
    bundle.iter().filter(|one| one.is_self_issued()).cloned().collect()
}

#[test]
fn verdicts_are_those_of_the_peers() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let (own, bundle) = (certificates(&case.file), certificates(&case.bundle));
        let roots = roots(&bundle);
        let ours = verify::verify(&own[0], &bundle, &roots, AT).map(drop);
        let (openssl, gnutls) = (case.openssl == "OK", case.gnutls == "OK");
        let side = SIDES.iter().find(|(name, ..)| *name == case.name);
        assert_eq!(side.is_none(), openssl == gnutls, "{}: {} / {}", case.name, case.openssl, case.gnutls);
        let expected = side.map_or(openssl, |(_, good, _)| *good);
        if ours.is_ok() != expected {
            wrong.push(format!("{}: {ours:?}, OpenSSL: {}, GnuTLS: {}", case.name, case.openssl, case.gnutls));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reasons_are_those_of_openssl_in_words() {
    for (name, words) in [
        ("rsa-1024", "key of 1024 bits"),
        ("by-rsa-1024", "key of 1024 bits"),
        ("sha1", "signed with SHA-1"),
        ("md5", "signed with MD5"),
        ("expired", "expired on "),
        ("not-yet", "not valid before 2028-01-01"),
        (
            "missing-middle",
            "unable to get issuer: nothing in the files signed CN=cms.example.com; its issuer is O=Test, CN=Test Middle",
        ),
        ("namesake", "signature does not fit its issuer's key"),
        ("expired-middle", "expired on "),
        ("by-ca-false", "not an authority, and has signed another certificate: CN=False CA"),
        ("by-no-cert-sign", "not an authority, and has signed another certificate: CN=No Sign"),
        ("path-length-exceeded", "(path length): CN=Short"),
        ("code-signing", "not made for TLS"),
        ("constraint-broken", "must not vouch for the name DNS:cms.example.net (name constraints): CN=Bound"),
        ("constraint-broken-ip", "must not vouch for the name IP Address:198.51.100.1"),
        ("excluded", "must not vouch for the name DNS:a.secret.example.com"),
        ("unknown-critical", "critical extension that is not known (1.2.3.4.5)"),
        ("self-signed-untrusted", "self-signed, and not one of the trusted certificates"),
        ("broken-signature", "signature does not fit its issuer's key"),
    ] {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        let (own, bundle) = (certificates(&case.file), certificates(&case.bundle));
        let roots = roots(&bundle);
        let problem = verify::verify(&own[0], &bundle, &roots, AT).unwrap_err();
        assert!(problem.to_string().contains(words), "{name}: {problem}");
        assert!(!problem.hint().is_empty());
    }
}

/// As openssl prints it with `-serial`: upper case, without colons, `-05` for a negative one.
fn serial(text: &str) -> String {
    let line = text.lines().skip_while(|line| !line.contains("Serial Number:")).nth(1).unwrap().trim();
    let digits = line.replace("(Negative)", "-").replace(':', "");
    digits.to_ascii_uppercase()
}

#[test]
fn inspection_agrees_on_numbers_and_dates_and_is_harmless() {
    for case in cases() {
        let text = inspect::certificate(&certificates(&case.file)[0]);
        assert_eq!(serial(&text), case.serial, "{}", case.name);
        for (label, date) in [("Not Before: ", &case.first), ("Not After : ", &case.last)] {
            assert!(text.contains(&format!("{label}{date}\n")), "{}: {date} is not in\n{text}", case.name);
        }
        let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
        assert!(text.chars().all(harmless), "{}", case.name);
        assert!(text.lines().count() < 60, "{}: a name began a line of its own", case.name);
    }
    let text = |file| inspect::certificate(&certificates(file)[0]);
    assert!(text("utf8.pem").contains("Subject: C=DE, L=Köln, O=Größe & Söhne, CN=東京.example.com"));
    assert!(text("escapes.pem").contains("CN=a\\u{a}b.example.com\\u{202e}"), "{}", text("escapes.pem"));
    assert!(text("commas.pem").contains("O=\"Example, Ltd\""));
}

#[test]
fn other_kinds_of_files_are_told_as_what_they_are() {
    let refused = |name: &str| File::read(&read(name)).unwrap_err();
    assert_eq!((refused("chain-p7b.pem"), refused("chain-p7b.der")), (ReadError::Pkcs7, ReadError::Pkcs7));
    assert_eq!(refused("chain-p12.der"), ReadError::Pkcs12);
    for name in ["locked-aes256.pem", "locked-des3.pem", "locked-scrypt.pem"] {
        assert!(File::read(&read(name)).unwrap().is_encrypted(), "{name}");
        assert_eq!(unlock(&read(name), "wrong").unwrap_err(), UnlockError::Passphrase, "{name}");
        assert_eq!(unlock(&read(name), "test").unwrap().algorithm().to_string(), "EC P-256", "{name}");
    }
    assert_eq!(unlock(&read("locked-old.pem"), "test").unwrap_err(), UnlockError::Old);
    assert!(File::read(&read("ec-with-parameters.pem")).unwrap().key().is_some());
}

#[test]
fn openssl_still_says_so() {
    if Command::new("openssl").arg("version").output().is_err() {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    for case in cases() {
        let bundle = certificates(&case.bundle);
        let write = |name: &str, certificates: &[Certificate]| {
            let path = work.path().join(name);
            fs::write(&path, certificates.iter().map(Certificate::pem).collect::<String>()).unwrap();
            path
        };
        let (own, untrusted) = (write("own", &certificates(&case.file)[..1]), write("untrusted", &bundle));
        let anchors = write("roots", &roots(&bundle));
        let good = ["sslserver", "sslclient"].into_iter().any(|purpose| {
            let mut openssl = Command::new("openssl");
            openssl.args(["verify", "-no-CApath", "-no-CAstore", "-auth_level", "2", "-purpose", purpose]);
            openssl.arg("-attime").arg(AT.to_string()).arg("-CAfile").arg(&anchors);
            openssl.arg("-untrusted").arg(&untrusted).arg(&own).output().unwrap().status.success()
        });
        assert_eq!(good, case.openssl == "OK", "{}: {}", case.name, case.openssl);
    }
}
