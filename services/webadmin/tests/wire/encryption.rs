//! TLS as the service offers it, found out as scanners do: versions, ciphers, renegotiation, compression, tickets, names,
//! protocols, and the order of the certificates. Each with the rules of `tls webadmin` that change it.

use std::{collections::BTreeSet, fs, io::Read, path::Path, process::Command, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore, StreamOwned, SupportedCipherSuite,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use crate::support::{
    Service, pair,
    wire::{connected, trusting},
};

/// What `openssl s_client` prints of a handshake with these options.
fn openssl(service: &Service, options: &str) -> String {
    let mut command = Command::new("timeout");
    command.args(["10", "openssl", "s_client", "-connect", &format!("127.0.0.1:{}", service.port)]);
    let output = command.args(options.split_whitespace()).stdin(std::process::Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn agrees(service: &Service, options: &str) -> bool {
    let told = openssl(service, options);
    told.contains("Cipher is") && !told.contains("Cipher is (NONE)")
}

/// Ciphers of TLS 1.2 that are agreed on, out of all that this machine's OpenSSL has.
fn ciphers(service: &Service) -> BTreeSet<String> {
    let list =
        Command::new("openssl").args(["ciphers", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    // One refuses the rest at once; what is agreed on is taken out, and the rest is tried again.
    let mut left: Vec<&str> =
        list.trim().split(':').filter(|name| !name.starts_with("TLS_") && !name.contains("PSK")).collect();
    let mut found = BTreeSet::new();
    while !left.is_empty() {
        let told = openssl(service, &format!("-tls1_2 -cipher {}:@SECLEVEL=0", left.join(":")));
        let agreed =
            told.split("Cipher is ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or("(NONE)");
        if agreed == "(NONE)" {
            break;
        }
        left.retain(|name| *name != agreed);
        assert!(found.insert(agreed.to_owned()), "{agreed} twice");
    }
    found
}

#[test]
fn versions_and_ciphers_are_those_of_the_minimum() {
    let modern = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"];
    for (minimum, agreed, refused) in [
        ("1.3", &["-tls1_3"][..], &["-tls1_2", "-tls1_1", "-tls1"][..]),
        ("1.2", &["-tls1_3", "-tls1_2"], &["-tls1_1", "-tls1"]),
        ("1.1", &["-tls1_3", "-tls1_2", "-tls1_1"], &["-tls1"]),
        ("1.0", &["-tls1_3", "-tls1_2", "-tls1_1", "-tls1"], &[]),
    ] {
        let service = Service::encrypted((minimum, None), pair);
        for (versions, wanted) in [(agreed, true), (refused, false)] {
            for version in versions {
                let options = format!("{version} -cipher ALL:@SECLEVEL=0");
                assert_eq!(agrees(&service, &options), wanted, "minimum {minimum}: {version}");
            }
        }
        if minimum == "1.2" {
            assert_eq!(ciphers(&service), modern.map(str::to_owned).into());
        }
        if minimum == "1.1" {
            let offered = ciphers(&service);
            let weak = ["NULL", "RC4", "DES", "EXP", "MD5", "ADH", "AECDH", "anon", "SEED", "IDEA", "CAMELLIA"];
            assert!(offered.iter().all(|name| weak.iter().all(|weak| !name.contains(weak))), "{offered:?}");
            assert!(modern.iter().all(|name| offered.contains(*name)), "{offered:?}");
        }
    }
}

#[test]
fn a_list_of_ciphers_is_all_there_is() {
    let list = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256";
    let service = Service::encrypted(("1.2", Some(list)), pair);
    assert_eq!(ciphers(&service), list.split(':').map(str::to_owned).collect());
}

#[test]
fn nothing_is_negotiated_again_or_compressed() {
    for minimum in ["1.2", "1.0"] {
        let service = Service::encrypted((minimum, None), pair);
        let told = openssl(&service, "-tls1_2 -comp");
        assert!(told.contains("Compression: NONE"), "{told}");
        assert!(
            told.contains("Secure Renegotiation IS supported"),
            "the extension keeps peers from being fooled: {told}"
        );
        assert!(openssl(&service, "-tls1_2").contains("Extended master secret: yes"));
        // A client's wish to begin anew is answered with a refusal or the end, never with a handshake.
        let script = format!(
            "{{ printf 'R\\n'; printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'; }} | timeout 10 openssl s_client -tls1_2 -connect 127.0.0.1:{} 2>&1",
            service.port
        );
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).to_lowercase();
        assert!(told.contains("renegotiating") && !told.contains("http/1.1 200"), "{told}");
    }
}

/// A handshake of this client; gives version, kind and protocol after one request.
fn hello(
    client: &Arc<ClientConfig>,
    port: u16,
    name: &str,
) -> Option<(ProtocolVersion, HandshakeKind, Option<Vec<u8>>)> {
    let tcp = connected(port, [127, 0, 0, 1].into()).unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(client), name).unwrap(), tcp);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).ok()?;
    }
    let protocol = stream.conn.alpn_protocol().map(<[u8]>::to_vec);
    if protocol.as_deref() != Some(b"h2") {
        // Tickets of TLS 1.3 come with the first bytes.
        std::io::Write::write_all(&mut stream, b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .ok()?;
        let _ = stream.read_to_end(&mut Vec::new());
    }
    Some((stream.conn.protocol_version()?, stream.conn.handshake_kind()?, protocol))
}

#[test]
fn sessions_are_taken_up_again_by_tickets_of_this_process_only() {
    let chain = |service: &Service| service.path().join("chain.pem");
    let first = Service::start();
    let client = Arc::new(trusting(&chain(&first), &[b"http/1.1"]));
    let kinds: Vec<_> = (0..2).map(|_| hello(&client, first.port, "localhost").unwrap().1).collect();
    assert_eq!(kinds[1], HandshakeKind::Resumed, "{kinds:?}");
    // The same key and certificate in another process: a key of tickets that were on a disk, or made of the private key,
    // would be known there.
    let key = fs::read(first.path().join("key.pem")).unwrap();
    let certificate = fs::read(chain(&first)).unwrap();
    let second = Service::encrypted(("1.2", None), |folder| {
        fs::write(folder.join("key.pem"), key).unwrap();
        fs::write(folder.join("chain.pem"), certificate).unwrap();
    });
    assert_ne!(hello(&client, second.port, "localhost").unwrap().1, HandshakeKind::Resumed);
    // OpenSSL's would be sealed with one key for ever, so there are none.
    let lowered = Service::encrypted(("1.1", None), pair);
    let told = openssl(&lowered, "-tls1_2");
    assert!(told.contains("Cipher is") && !told.contains("session ticket:"), "{told}");
}

#[test]
fn protocols_are_agreed_on_and_names_do_not_matter() {
    for (minimum, second) in [("1.2", true), ("1.1", false)] {
        let service = Service::encrypted((minimum, None), pair);
        let chain = service.path().join("chain.pem");
        let agreed =
            |offer: &[&[u8]]| hello(&Arc::new(trusting(&chain, offer)), service.port, "localhost").map(|h| h.2);
        let both = agreed(&[b"h2", b"http/1.1"]).unwrap();
        assert_eq!(both.as_deref(), Some(if second { &b"h2"[..] } else { b"http/1.1" }), "{minimum}");
        assert_eq!(agreed(&[b"http/1.1"]).unwrap().as_deref(), Some(&b"http/1.1"[..]));
        assert_eq!(agreed(&[]).unwrap(), None, "who offers none is served");
        for name in ["-servername evil.test", "-servername under_score.test", "-servername 127.0.0.1", "-noservername"]
        {
            assert!(agrees(&service, &format!("-tls1_3 {name}")), "{minimum}: {name}");
        }
        // What is no name at all may be refused, and harms nobody.
        for junk in ["x..y", &"a".repeat(250), "%s%n", "-"] {
            let _ = agrees(&service, &format!("-tls1_3 -servername {junk}"));
            assert!(agrees(&service, "-tls1_3"), "{minimum}: after {junk}");
        }
        // An address is no name, and clients that have only that send none.
        let anybody = rustls_that_looks_at_nothing();
        assert!(hello(&anybody, service.port, "127.0.0.1").is_some());
    }
}

/// A client for which any certificate will do.
fn rustls_that_looks_at_nothing() -> Arc<ClientConfig> {
    #[derive(Debug)]
    struct Anything;
    impl rustls::client::danger::ServerCertVerifier for Anything {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
    let client = ClientConfig::builder().dangerous().with_custom_certificate_verifier(Arc::new(Anything));
    Arc::new(client.with_no_client_auth())
}

/// A certificate signed by one that is signed by a root: leaf and intermediate in `chain.pem`, the root in `root.pem`.
fn chain_of_three(folder: &Path) {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root = CertifiedIssuer::self_signed(authority("root"), KeyPair::generate().unwrap()).unwrap();
    let middle = CertifiedIssuer::signed_by(authority("middle"), KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &middle).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("chain.pem"), leaf.pem() + &middle.pem()).unwrap();
    fs::write(folder.join("root.pem"), root.pem()).unwrap();
}

#[test]
fn certificates_come_leaf_first_and_lead_to_the_root() {
    for minimum in ["1.2", "1.1"] {
        let service = Service::encrypted((minimum, None), chain_of_three);
        let told = openssl(&service, "-showcerts");
        let sent: Vec<_> = told
            .split_inclusive("-----END CERTIFICATE-----")
            .filter_map(|part| part.find("-----BEGIN").map(|at| &part[at..]))
            .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
            .collect();
        let kept: Vec<_> =
            CertificateDer::pem_file_iter(service.path().join("chain.pem")).unwrap().map(Result::unwrap).collect();
        assert_eq!(sent, kept, "minimum {minimum}");
        // Who trusts only the root gets there.
        let root = service.path().join("root.pem");
        let client = Arc::new(trusting(&root, &[b"http/1.1"]));
        assert!(hello(&client, service.port, "localhost").is_some());
        let mut strangers = RootCertStore::empty();
        strangers.add(kept[0].clone()).unwrap();
        assert!(hello(&client, service.port, "other.test").is_none(), "the name is in the certificate");
    }
}

#[test]
fn each_suite_of_a_strict_client_is_served() {
    let service = Service::start();
    let chain = service.path().join("chain.pem");
    for suite in aws_lc_rs::ALL_CIPHER_SUITES {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites = vec![*suite];
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&chain).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap_or_else(|_| panic!("no version for {suite:?}"))
            .with_root_certificates(roots)
            .with_no_client_auth();
        let rsa = format!("{:?}", suite.suite()).contains("_RSA_");
        let agreed = hello(&Arc::new(client), service.port, "localhost").map(|hello| hello.0);
        let wanted = match suite {
            SupportedCipherSuite::Tls13(_) => Some(ProtocolVersion::TLSv1_3),
            // The certificate's key is of an elliptic curve.
            SupportedCipherSuite::Tls12(_) if rsa => None,
            SupportedCipherSuite::Tls12(_) => Some(ProtocolVersion::TLSv1_2),
        };
        assert_eq!(agreed, wanted, "{suite:?}");
    }
}
