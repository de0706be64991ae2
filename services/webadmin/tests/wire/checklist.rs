//! What breaks real clients when it is missed (`api.md` section 12), as bytes on a TLS connection. Lines that need a stored
//! object (5, 10, 11, 13, and page caps of 9) are proven in `services/protocols/api` until a Call Bridge stores some.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::support::{EVA, Service};

const STATUS: &str = "/api/v1/system/status";
const NOWHERE: &str = "4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10";

#[test]
fn line_1_who_shows_nothing_is_challenged_with_an_empty_answer() {
    let service = Service::start();
    for asked in [
        "GET /api/v1/system/status HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v1/noSuchThing HTTP/1.1\r\nHost: x\r\nAuthorization: \r\n\r\n",
        "GET /api/v1/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ZXZhOnJpZ2h0\r\n\r\n",
        "GET /api/v1/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic !!!\r\n\r\n",
        "GET /api/v1/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ZXZhOndyb25n\r\n\r\n",
        "GET /api/v1/ HTTP/1.1\r\nHost: x\r\nCookie: __Host-session=00\r\n\r\n",
        "POST /api/v1/coSpaces HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nname=a",
    ] {
        let mut wire = service.wire();
        wire.write(asked.replace("Host: x\r\n", "Host: x\r\nConnection: close\r\n").as_bytes());
        let bytes = wire.rest();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{asked}: {text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "", "{asked}");
        let mut headers: Vec<_> = head.lines().skip(1).map(|line| line.split(':').next().unwrap()).collect();
        headers.sort_unstable();
        let known = [
            "cache-control",
            "connection",
            "content-length",
            "date",
            "server",
            "strict-transport-security",
            "vary",
            "www-authenticate",
            "x-content-type-options",
            "x-frame-options",
        ];
        assert_eq!(headers, known, "{asked}");
        assert!(head.contains("\r\nwww-authenticate: Basic realm=\"acano\"\r\n"), "{head}");
        assert!(head.contains("\r\nserver: Apache\r\n") && head.contains("\r\ncontent-length: 0"), "{head}");
    }
}

#[test]
fn line_2_the_space_behind_basic_may_be_missing() {
    let service = Service::start();
    for authorization in ["Basic ZXZhOnJpZ2h0", "BasicZXZhOnJpZ2h0", "basic   ZXZhOnJpZ2h0", "BASICZXZhOnJpZ2h0"] {
        let asked = format!("GET {STATUS} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n");
        let answer = service.send(asked);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/xml")), "{authorization}");
    }
}

#[test]
fn line_3_a_body_is_a_form_whatever_it_is_called() {
    let service = Service::start();
    for kind in [
        "",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n",
        "Content-Type: x-www-form-urlencoded\r\n",
        "Content-Type: www-formurl-encoded\r\n",
        "Content-Type: application/json\r\n",
        "Content-Type: text/xml; charset=nonsense\r\n",
    ] {
        let post = |path: &str, body: &str| {
            let length = body.len();
            service
                .send(format!("POST {path} HTTP/1.1\r\nHost: x\r\n{EVA}{kind}Content-Length: {length}\r\n\r\n{body}"))
        };
        let refused = post("/api/v1/coSpaces", "&&name=&DEFAULTLAYOUT=none&");
        let named = "<parameterError parameter=\"defaultLayout\" error=\"invalidValue\" /></failureDetails>";
        assert!(refused.status == 400 && refused.text().ends_with(named), "{kind}: {}", refused.text());
        for (path, body) in
            [("/api/v1/ldapSyncs", "{}"), ("/api/v1/coSpaces", ""), ("/api/v1/coSpaces", "&name=a&&x=&")]
        {
            assert!(post(path, body).text().contains("<databaseNotReady />"), "{kind}: {body}");
        }
    }
}

#[test]
fn line_4_paths_in_any_case_with_a_slash_and_an_empty_query() {
    let service = Service::start();
    for path in ["cospaces", "COSPACES/", "coSpaces?", "coSpaces/?offset=10", "c%6fSpaces"] {
        let answer = service.get(&format!("/API/v1/{path}"));
        assert_eq!(answer.text(), "<?xml version=\"1.0\"?><coSpaces total=\"0\"></coSpaces>", "{path}");
    }
}

#[test]
fn lines_6_7_and_8_documents_are_these_bytes() {
    let service = Service::start();
    let failure = |code: &str| format!("<?xml version=\"1.0\"?><failureDetails><{code} /></failureDetails>");
    for (method, path, body, code) in [
        ("GET", format!("coSpaces/{NOWHERE}"), "", "coSpaceDoesNotExist"),
        ("PUT", format!("cospaces/{NOWHERE}/"), "name=a", "coSpaceDoesNotExist"),
        ("DELETE", format!("callLegProfiles/{NOWHERE}"), "", "callLegProfileDoesNotExist"),
        ("PUT", "coSpaces".into(), "name=a", "invalidOperation"),
        ("PATCH", "coSpaces".into(), "name=a", "invalidOperation"),
        ("BREW", "coSpaces".into(), "", "invalidOperation"),
        ("GET", "noSuchThing".into(), "", "unrecognisedObject"),
        ("GET", "../v2/coSpaces".into(), "", "unrecognisedObject"),
    ] {
        let answer = service.form(method, &format!("/api/v1/{path}"), body);
        assert_eq!((answer.status, answer.text()), (400, failure(code).as_str()), "{method} {path}");
        assert_eq!(answer.header("content-type"), Some("text/xml"));
        assert_eq!(&answer.text()[38..answer.text().len() - 20], code);
    }
    assert_eq!(service.get("/api/v2/coSpaces").text(), failure("invalidVersion"));
    for list in ["coSpaces", "calls", "callLegs", "users", "tenants", "callBridges", "participants"] {
        let empty = format!("<?xml version=\"1.0\"?><{list} total=\"0\"></{list}>");
        assert_eq!(service.get(&format!("/api/v1/{list}")).text(), empty);
    }
    let receivers = service.get("/api/v1/system/cdrReceivers");
    assert!(receivers.text().starts_with("<?xml version=\"1.0\"?><cdrReceivers total=\"0\" maximum=\"4\">"));
}

#[test]
fn line_9_a_page_behind_the_end_is_an_empty_list() {
    let service = Service::start();
    for query in ["offset=20&limit=20", "offset=99999999999999999999999", "limit=0", "limit=50&offset="] {
        let answer = service.get(&format!("/api/v1/callLegs?{query}"));
        assert_eq!(answer.text(), "<?xml version=\"1.0\"?><callLegs total=\"0\"></callLegs>", "{query}");
    }
}

#[test]
fn lines_12_and_14_values_are_taken_as_clients_write_them() {
    let service = Service::start();
    for good in
        ["nonMemberAccess=True", "nonMemberAccess=on", "nonMemberAccess=1", "nonMemberAccess=OFF", "uri=APITestURI"]
    {
        let answer = service.form("POST", "/api/v1/coSpaces", good);
        assert!(answer.text().contains("<databaseNotReady />"), "{good}: {}", answer.text());
    }
    let wrong = service.form("POST", "/api/v1/coSpaces", "nonMemberAccess=maybe");
    assert!(wrong.text().contains("parameter=\"nonMemberAccess\""), "{}", wrong.text());
    assert_eq!(service.get("/api/v1/coSpaces?filter=APITestURI").status, 200);
}

#[test]
fn line_18_signs_of_life_come_while_others_ask_without_end() {
    let service = Service::start();
    let until = Instant::now() + Duration::from_secs(3);
    let mut slowest = Duration::ZERO;
    thread::scope(|scope| {
        for client in 0..8_u8 {
            let service = &service;
            scope.spawn(move || {
                let mut wire = service.wire_from([127, 0, 0, 10 + client].into());
                while Instant::now() < until {
                    let many = format!("GET /api/v1/coSpaces?limit=20 HTTP/1.1\r\nHost: x\r\n{EVA}\r\n").repeat(8);
                    wire.write(many.as_bytes());
                    (0..8).for_each(|_| assert_eq!(wire.answer().status, 200));
                }
            });
        }
        while Instant::now() < until {
            for path in [STATUS, "/api/v1/callBridges", "/api/v1/participants"] {
                let begun = Instant::now();
                assert_eq!(service.get(path).status, 200, "{path}");
                slowest = slowest.max(begun.elapsed());
            }
        }
    });
    println!("the slowest sign of life took {slowest:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
}
