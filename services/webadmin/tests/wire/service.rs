//! The running service with clients that behave: sessions, the pages, uploads, and a pair of key and certificate that is
//! replaced while it serves.

use std::{fs, process::Command, thread};

use crate::support::{SIGN_IN, Service, describe, pair, status};

#[test]
fn a_session_is_opened_used_only_by_our_pages_and_closed() {
    let service = Service::start();
    let wrong = service.curl("/api/mmp/v1/session", &["-d", r#"{"user":"eva","password":"wrong"}"#]);
    assert!(status(&wrong) == "401" && wrong.contains(r#""code":"wrong""#), "{wrong}");
    let signed = service.curl("/api/mmp/v1/session", &["-d", SIGN_IN]);
    assert_eq!(status(&signed), "200", "{signed}");
    let cookie = signed.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    for wanted in ["__Host-session=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    let cookie = format!("cookie: {}", cookie.split(';').next().unwrap());
    let proof = signed.split(r#""csrf":""#).nth(1).unwrap().split('"').next().unwrap();
    let proof = format!("x-csrf-token: {proof}");
    let line = |headers: &[&str]| {
        let mut options = vec!["-d", r#"{"line":"dns"}"#];
        options.extend(headers.iter().flat_map(|header| ["-H", header]));
        service.curl("/api/mmp/v1/line", &options)
    };
    assert!(line(&[&cookie, &proof, &service.origin()]).contains("did dns"));
    for headers in [
        &[cookie.as_str()][..],
        &[&cookie, &proof],
        &[&cookie, &service.origin()],
        &[&cookie, &proof, "origin: https://evil.test"],
        &[&cookie, "x-csrf-token: 00", &service.origin()],
    ] {
        let refused = line(headers);
        assert!(status(&refused) == "403" && refused.contains(r#""code":"csrf""#), "{headers:?}: {refused}");
    }
    assert_eq!(status(&line(&[&proof, &service.origin()])), "401");
    let elsewhere = service.curl("/api/mmp/v1/session", &["-d", SIGN_IN, "-H", "origin: https://evil.test"]);
    assert_eq!(status(&elsewhere), "403");
    let out =
        service.curl("/api/mmp/v1/session", &["-X", "DELETE", "-H", &cookie, "-H", &proof, "-H", &service.origin()]);
    assert!(status(&out) == "204" && out.contains("Max-Age=0"), "{out}");
}

#[test]
fn name_and_password_need_no_proof_and_a_page_carries_its_protection() {
    let service = Service::start();
    let asked = service.curl("/api/mmp/v1/line", &["-u", "eva:right", "-d", r#"{"line":"dns"}"#]);
    assert!(asked.contains("did dns"), "{asked}");
    let glued =
        service.curl("/api/mmp/v1/line", &["-H", "authorization: BasicZXZhOnJpZ2h0", "-d", r#"{"line":"dns"}"#]);
    assert!(glued.contains("did dns"), "{glued}");
    let page = service.curl("/", &[]);
    for wanted in
        ["strict-transport-security:", "default-src 'none'", "nosniff", "x-frame-options: DENY", "no-referrer"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("unsafe-"), "{page}");
}

#[test]
fn what_is_too_long_is_refused_and_the_next_is_served() {
    let service = Service::start();
    let long = service.path().join("long");
    fs::write(&long, vec![b'x'; 3 << 20]).unwrap();
    let data = format!("@{}", long.display());
    for version in ["--http1.1", "--http2"] {
        let refused = service.curl("/api/mmp/v1/session", &[version, "--data-binary", &data]);
        assert!(refused.contains(r#""code":"too_large""#), "{version}: {refused}");
        let head = format!("x-long: {}", "x".repeat(60_000));
        let refused = service.curl("/", &[version, "-H", &head]);
        assert_ne!(status(&refused), "200", "{version}: {refused}");
        assert_eq!(status(&service.curl("/", &[version])), "200");
    }
}

#[test]
fn a_daemon_that_is_away_is_told_and_found_again() {
    let service = Service::start();
    let socket = service.path().join("control.sock");
    let away = service.path().join("away.sock");
    fs::rename(&socket, &away).unwrap();
    let told = service.curl("/api/mmp/v1/session", &["-d", SIGN_IN]);
    assert!(status(&told) == "503" && told.contains("retry-after"), "{told}");
    fs::rename(&away, &socket).unwrap();
    assert_eq!(status(&service.curl("/api/mmp/v1/session", &["-d", SIGN_IN])), "200");
}

#[test]
fn a_new_pair_is_taken_up_under_load_and_a_broken_one_is_not() {
    let service = Service::start();
    let hangup = || Command::new("kill").args(["-HUP", &service.child.id().to_string()]).status().unwrap();
    thread::scope(|scope| {
        let asking = scope.spawn(|| (0..40).filter(|_| status(&service.curl("/", &["-k"])) != "200").count());
        for generation in 2..6 {
            pair(service.path());
            describe(service.path(), generation, service.port);
            hangup();
            assert_eq!(service.told(generation)["fault"], serde_json::Value::Null);
        }
        assert_eq!(asking.join().unwrap(), 0, "requests were lost");
    });
    let good = fs::read(service.path().join("chain.pem")).unwrap();
    fs::write(service.path().join("key.pem"), "broken").unwrap();
    describe(service.path(), 6, service.port);
    hangup();
    let told = service.told(6);
    assert!(told["fault"].as_str().unwrap().contains("stay in use"), "{told}");
    fs::write(service.path().join("chain.pem"), good).unwrap();
    assert_eq!(status(&service.curl("/", &[])), "200", "the pair before serves");
}
