//! What real clients see: `openssl s_client` against an acceptor on a port of its own.
#![allow(clippy::unwrap_used)] // a failed expectation is the end of the test

use std::{net::SocketAddr, process::Command};

use service_tls::{Acceptor, Identity, Policy, Prepared, Unusable, Version};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

struct Pair {
    key: String,
    chain: String,
}

fn pair(name: &str) -> Pair {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    Pair { key: made.signing_key.serialize_pem(), chain: made.cert.pem() }
}

fn prepared(policy: &Policy, pair: &Pair) -> Result<Prepared, Unusable> {
    let identity = Identity { key: pair.key.as_bytes(), chain: pair.chain.as_bytes() };
    Prepared::new(policy, identity, &[b"h2", b"http/1.1"])
}

fn policy(minimum: Version, ciphers: Option<&str>) -> Policy {
    Policy { minimum, ciphers: ciphers.map(str::to_owned) }
}

/// Answers each line with itself, and first says which version was agreed on.
async fn echo(acceptor: Acceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(connection).await else { return };
                let hello = format!("served over {}\n", stream.version());
                stream.write_all(hello.as_bytes()).await.unwrap();
                let mut bytes = [0; 256];
                while let Ok(read @ 1..) = stream.read(&mut bytes).await {
                    if stream.write_all(&bytes[..read]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// What `openssl s_client` prints, with these lines typed into it.
async fn client(address: SocketAddr, options: &str, typed: &str) -> String {
    let (options, typed) = (options.to_owned(), typed.to_owned());
    let run = move || {
        let script = format!(
            "{{ sleep 0.3; printf '{typed}'; sleep 0.3; }} | timeout 10 openssl s_client -connect {address} {options} 2>&1"
        );
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_1_2_and_1_3_are_served_and_nothing_older() {
    let acceptor = Acceptor::new(prepared(&Policy::default(), &pair("one.test")).unwrap());
    let address = echo(acceptor).await;
    assert!(client(address, "-tls1_3", "").await.contains("served over 1.3"));
    assert!(client(address, "-tls1_2", "").await.contains("served over 1.2"));
    for old in ["-tls1_1", "-tls1"] {
        let seen = client(address, &format!("{old} -cipher DEFAULT@SECLEVEL=0"), "").await;
        assert!(!seen.contains("served over"), "{seen}");
    }
    for weak in ["AES128-SHA", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "NULL", "RC4", "3DES"] {
        let seen = client(address, &format!("-tls1_2 -cipher {weak}:@SECLEVEL=0"), "").await;
        assert!(!seen.contains("served over"), "{weak}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lowered_minimum_serves_tls_1_0() {
    let acceptor = Acceptor::new(prepared(&policy(Version::Tls10, None), &pair("one.test")).unwrap());
    let address = echo(acceptor).await;
    let seen = client(address, "-tls1 -cipher DEFAULT@SECLEVEL=0", "").await;
    assert!(seen.contains("served over 1.0"), "{seen}");
    assert!(client(address, "-tls1_3", "").await.contains("served over 1.3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimum_of_1_3_leaves_1_2_out() {
    let acceptor = Acceptor::new(prepared(&policy(Version::Tls13, None), &pair("one.test")).unwrap());
    let address = echo(acceptor).await;
    assert!(client(address, "-tls1_3", "").await.contains("served over 1.3"));
    assert!(!client(address, "-tls1_2", "").await.contains("served over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_ciphers_is_kept_to() {
    let list = policy(Version::Tls12, Some("ECDHE-ECDSA-AES128-SHA"));
    let address = echo(Acceptor::new(prepared(&list, &pair("one.test")).unwrap())).await;
    let seen = client(address, "-tls1_2", "").await;
    assert!(seen.contains("ECDHE-ECDSA-AES128-SHA") && seen.contains("served over 1.2"), "{seen}");
    let other = client(address, "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384", "").await;
    assert!(!other.contains("served over"), "{other}");
    let wrong = prepared(&policy(Version::Tls12, Some("NO-SUCH-CIPHER")), &pair("one.test"));
    assert!(matches!(wrong, Err(Unusable::Ciphers)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_renegotiate() {
    for made in [Policy::default(), policy(Version::Tls10, None)] {
        let address = echo(Acceptor::new(prepared(&made, &pair("one.test")).unwrap())).await;
        let seen = client(address, "-tls1_2", "R\\n").await;
        assert!(seen.contains("RENEGOTIATING"), "the client did not try: {seen}");
        assert!(!seen.contains("read R BLOCK\nserved") && seen.to_lowercase().contains("renegotiation"), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_taken_up_again() {
    // OpenSSL keeps a session only of who said goodbye, which this client does not; see the legacy part.
    let address = echo(Acceptor::new(prepared(&Policy::default(), &pair("one.test")).unwrap())).await;
    let seen = client(address, "-tls1_2 -reconnect", "").await;
    assert!(seen.contains("\nReused, "), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_outlive_their_certificate() {
    let acceptor = Acceptor::new(prepared(&Policy::default(), &pair("one.test")).unwrap());
    let address = echo(acceptor.clone()).await;
    let held = tokio::spawn(async move {
        let script = format!(
            "{{ sleep 2; printf 'still here\\n'; sleep 0.5; }} | timeout 10 openssl s_client -quiet -connect {address} 2>&1"
        );
        let run = move || Command::new("sh").args(["-c", &script]).output().unwrap();
        String::from_utf8_lossy(&tokio::task::spawn_blocking(run).await.unwrap().stdout).into_owned()
    });
    assert!(client(address, "", "").await.contains("served over 1.3"));
    acceptor.replace(prepared(&policy(Version::Tls10, None), &pair("two.test")).unwrap());
    // The libraries tell versions apart that only one of them serves.
    let seen = client(address, "-tls1 -cipher DEFAULT@SECLEVEL=0", "").await;
    assert!(seen.contains("served over 1.0"), "{seen}");
    assert!(held.await.unwrap().contains("still here"));
}

#[test]
fn a_pair_that_does_not_match_is_refused_by_both() {
    let mixed = Pair { key: pair("one.test").key, chain: pair("two.test").chain };
    for made in [Policy::default(), policy(Version::Tls10, None)] {
        assert!(matches!(prepared(&made, &mixed), Err(Unusable::Mismatch)));
    }
    let empty = Pair { key: String::new(), chain: mixed.chain.clone() };
    assert!(matches!(prepared(&Policy::default(), &empty), Err(Unusable::Key)));
    let empty = Pair { key: mixed.key, chain: "nothing".into() };
    assert!(matches!(prepared(&Policy::default(), &empty), Err(Unusable::Chain)));
}
