//! HTTP as seldom seen: what the standards allow is understood, what they forbid is refused, and neither is taken for two.

use crate::support::{EVA, SIGN_IN, Service, status};

const STATUS: &str = "/api/v1/system/status";

#[test]
fn head_is_get_without_a_body_at_every_door() {
    let service = Service::start();
    for path in [STATUS, "/api/v1/noSuchThing", "/", "/nothing", "/api/mmp/v1/openapi.json", "/api/mmp/v1/files"] {
        let whole = service.get(path);
        let mut wire = service.wire();
        wire.write(format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n{EVA}\r\n").as_bytes());
        let head = wire.answer_to_head();
        assert_eq!(head.status, whole.status, "{path}");
        let length = head.header("content-length").map(str::to_owned);
        assert_eq!(length, whole.header("content-length").map(str::to_owned), "{path}");
        assert_eq!(head.header("content-type"), whole.header("content-type"), "{path}");
        // The next answer begins where a body would stand.
        wire.write(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(wire.rest().starts_with(b"HTTP/1.1 404"), "{path}");
        for version in ["--http1.1", "--http2"] {
            let shown = service.curl(path, &[version, "-I", "-u", "eva:right"]);
            assert_eq!(status(&shown), whole.status.to_string(), "{version} {path}");
            assert!(shown.ends_with("\r\n\r\n"), "{version} {path}: {shown}");
        }
    }
}

#[test]
fn requests_that_come_at_once_are_answered_in_order() {
    let service = Service::start();
    let paths = ["/api/v1/calls", "/nothing", "/api/v1/users", "/api/v1/tenants"];
    let asked: String = paths.map(|path| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{EVA}\r\n")).concat();
    let mut wire = service.wire();
    wire.write(asked.as_bytes());
    for wanted in ["<calls ", "no such page", "<users ", "<tenants "] {
        let answer = wire.answer();
        assert!(answer.text().contains(wanted), "{wanted}: {}", answer.text());
    }
}

#[test]
fn a_body_in_pieces_and_one_that_waits_to_be_asked_for() {
    let service = Service::start();
    let pieces =
        "Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\ndef\r\nb\r\naultLayout=\r\n4\r\nnone\r\n0\r\nTrailer: x\r\n\r\n";
    let answer = service.send(format!("POST /api/v1/coSpaces HTTP/1.1\r\nHost: x\r\n{EVA}{pieces}"));
    assert!(answer.text().contains("parameter=\"defaultLayout\""), "{}", answer.text());
    let mut wire = service.wire();
    let expecting =
        format!("POST /api/v1/coSpaces HTTP/1.1\r\nHost: x\r\n{EVA}Expect: 100-continue\r\nContent-Length: 18\r\n\r\n");
    wire.write(expecting.as_bytes());
    let go_on = wire.answer();
    assert_eq!((go_on.status, go_on.head.as_str()), (100, "HTTP/1.1 100 Continue"));
    wire.write(b"defaultLayout=none");
    assert!(wire.answer().text().contains("parameter=\"defaultLayout\""));
}

#[test]
fn addresses_in_full_and_the_oldest_version_are_understood() {
    let service = Service::start();
    let full = service.send(format!("GET https://localhost{STATUS} HTTP/1.1\r\nHost: other\r\n{EVA}\r\n"));
    assert!(full.text().contains("<status>"), "{}", full.text());
    let mut wire = service.wire();
    wire.write(format!("GET {STATUS} HTTP/1.0\r\n{EVA}\r\n").as_bytes());
    let text = String::from_utf8(wire.rest()).unwrap();
    assert!(text.starts_with("HTTP/1.0 200") && text.ends_with("</status>"), "{text}");
    let mut wire = service.wire();
    wire.write(format!("GET {STATUS} HTTP/1.0\r\nConnection: keep-alive\r\n{EVA}\r\n").as_bytes());
    assert_eq!(wire.answer().status, 200);
    wire.write(format!("GET {STATUS} HTTP/1.0\r\n{EVA}\r\n").as_bytes());
    assert_eq!(wire.answer().status, 200);
    let second = service.curl(STATUS, &["--http2", "-u", "eva:right"]);
    assert!(second.starts_with("HTTP/2 200") && second.ends_with("</status>"), "{second}");
}

#[test]
fn what_could_be_two_requests_is_refused_or_is_one() {
    let service = Service::start();
    let hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for framing in [
        "Content-Length: 3\r\nContent-Length: 60\r\n",
        "Content-Length: 3, 60\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X: y\r\n folded: z\r\n",
        "No-Colon\r\n",
    ] {
        let mut wire = service.wire();
        wire.write(format!("POST /api/v1/coSpaces HTTP/1.1\r\nHost: x\r\n{EVA}{framing}\r\n{hidden}").as_bytes());
        let text = String::from_utf8(wire.rest()).unwrap();
        assert!(text.starts_with("HTTP/1.1 400") || text.is_empty(), "{framing}: {text}");
        assert_eq!(text.matches("HTTP/1.1").count().min(1), text.matches("HTTP/1.1").count(), "{framing}: {text}");
    }
    // Both: the pieces count, and what stands behind them is the next request, on this connection or on none.
    let both = format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\nConnection: close\r\n", 5 + hidden.len());
    let mut wire = service.wire();
    wire.write(format!("POST /api/v1/coSpaces HTTP/1.1\r\nHost: x\r\n{EVA}{both}\r\n0\r\n\r\n{hidden}").as_bytes());
    let text = String::from_utf8(wire.rest()).unwrap();
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
}

#[test]
fn heads_without_end_are_refused() {
    let service = Service::start();
    let long = format!("X-Long: {}\r\n", "x".repeat(100_000));
    let many = "X-Many: x\r\n".repeat(1000);
    for head in [long, many] {
        let mut wire = service.wire();
        wire.write(format!("GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n").as_bytes());
        let text = String::from_utf8(wire.rest()).unwrap();
        assert!(text.starts_with("HTTP/1.1 431") || text.is_empty(), "{text}");
    }
    let mut wire = service.wire();
    wire.write(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000)).as_bytes());
    let text = String::from_utf8(wire.rest()).unwrap();
    assert!(text.starts_with("HTTP/1.1 4") || text.is_empty(), "{text}");
    assert_eq!(service.get(STATUS).status, 200);
}

#[test]
fn methods_that_are_for_nothing_here_are_told_what_is() {
    let service = Service::start();
    for (method, path, allowed) in [
        ("PATCH", "/api/mmp/v1/session", "DELETE, GET, POST"),
        ("DELETE", "/api/mmp/v1/line", "POST"),
        ("POST", "/api/mmp/v1/files/x.txt", "DELETE, GET, PUT"),
        ("PROPFIND", "/api/mmp/v1/files", "GET"),
        ("POST", "/", "GET, HEAD"),
        ("TRACE", "/", "GET, HEAD"),
    ] {
        let answer = service.form(method, path, "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {path}");
        assert!(!answer.text().contains("Authorization"), "{method} {path}");
    }
    for line in ["OPTIONS *", "CONNECT localhost:443", "TRACE /nothing"] {
        let answer = service.send(format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert!((400..500).contains(&answer.status), "{line}: {}", answer.head);
    }
}

#[test]
fn a_look_at_the_session_tells_what_the_sign_in_told() {
    let service = Service::start();
    let length = SIGN_IN.len();
    let signed = service
        .send(format!("POST /api/mmp/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{SIGN_IN}"));
    let cookie = signed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let look = service.send(format!("GET /api/mmp/v1/session HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n"));
    for told in [&signed, &look] {
        assert!(told.text().contains("\"notices\":[\"look out\"]"), "{}", told.text());
        assert_eq!(told.header("cache-control"), Some("no-store"));
        assert_eq!(told.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(told.header("content-encoding"), None);
    }
    // What a browser is answered has a length that says nothing of the secrets in it.
    let wide = "/api/v1/system/licensing";
    let asked = |by: &str| {
        service
            .send(format!("GET {wide} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n{by}\r\n"))
            .header("content-encoding")
            .map(str::to_owned)
    };
    assert_eq!(asked(EVA).as_deref(), Some("gzip"), "the answer is long enough");
    assert_eq!(asked(&format!("Cookie: {cookie}\r\n")), None);
}
