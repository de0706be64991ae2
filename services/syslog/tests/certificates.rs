//! Over TLS a server is believed for its certificate, or refused with the reason.
#![allow(clippy::unwrap_used, clippy::panic)] // a failed expectation is the end of the test

mod support;

use std::{io::Read, net::TcpListener, sync::Arc, thread};

use mmp_model::syslog::Transport;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use support::{Forwarder, Memory, is_there, text, wait};
use syslog::tls;

/// A certificate, and the bundle that vouches for it.
struct Made {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    bundle: String,
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn signed_for(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Made {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.signed_by(&key, &authority).unwrap();
    Made {
        chain: vec![certificate.der().clone()],
        key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        bundle: authority.pem(),
    }
}

/// A server with this certificate that reads one line; nothing when the client does not believe it.
fn serve(made: &Made) -> (u16, thread::JoinHandle<Option<String>>) {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(made.chain.clone(), made.key.clone_key())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(config).unwrap();
        let mut bytes = Vec::new();
        let mut tls = rustls::Stream::new(&mut connection, &mut stream);
        let mut buffer = [0; 4096];
        while !bytes.ends_with(b"hello") {
            match tls.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            }
        }
        Some(String::from_utf8(bytes).unwrap())
    });
    (port, server)
}

/// What the server read, or why it was refused.
fn talk(made: &Made, host: &str, bundle: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let (port, server) = serve(made);
    let log = Memory::default();
    let config = tls::configuration(bundle).unwrap();
    let forwarder = Forwarder::to(host, &log, port, Transport::Tls, Some(config), folder.path());
    wait("the start", || is_there(&folder.path().join("position")));
    log.write("hello".into());
    wait("an end", || forwarder.status().position.is_some() || forwarder.status().error.is_some());
    let status = forwarder.status();
    match server.join().unwrap() {
        Some(read) => {
            // Octet counting: the number is the length of what follows.
            let (length, message) = read.split_once(' ').unwrap();
            assert_eq!(length.parse::<usize>().unwrap(), message.len());
            Ok(text(message).to_owned())
        }
        None => Err(status.error.unwrap().1),
    }
}

const NOT_VOUCHED: &str = "the server's certificate is neither in the trust bundle nor signed by one in it";

#[test]
fn a_server_whose_certificate_is_vouched_for_gets_the_lines() {
    let made = signed_for("localhost", |_| {});
    assert_eq!(talk(&made, "localhost", &made.bundle), Ok("hello".into()));
}

#[test]
fn a_server_whose_own_certificate_is_in_the_bundle_gets_the_lines_whatever_it_says() {
    let pinned = rcgen::generate_simple_self_signed(vec!["elsewhere.example.com".into()]).unwrap();
    let made = Made {
        chain: vec![pinned.cert.der().clone()],
        key: PrivateKeyDer::try_from(pinned.signing_key.serialize_der()).unwrap(),
        bundle: pinned.cert.pem(),
    };
    assert_eq!(talk(&made, "localhost", &made.bundle), Ok("hello".into()));
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused_and_that_is_said() {
    let made = signed_for("localhost", |_| {});
    assert_eq!(talk(&made, "localhost", &authority().pem()), Err(NOT_VOUCHED.into()));
}

#[test]
fn a_certificate_for_another_name_or_time_is_refused_and_that_is_said() {
    let other = signed_for("other.example.com", |_| {});
    let name = Err("the server's certificate is for another name".to_owned());
    assert_eq!(talk(&other, "localhost", &other.bundle), name);
    let old = signed_for("localhost", |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    assert_eq!(talk(&old, "localhost", &old.bundle), Err("the server's certificate has expired".into()));
}

#[test]
fn a_bundle_without_a_certificate_is_no_bundle() {
    assert!(tls::configuration("").is_err());
    assert!(tls::configuration("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").is_err());
}
