//! Ten thousand requests that are wrong in one way or several, from fixed seeds: none is answered with an error of the
//! server, and the process stays the one that was started.

use std::{collections::BTreeMap, ops::Range, sync::Arc, thread, time::Duration};

use rustls::ClientConfig;

use crate::support::{
    EVA, Service,
    wire::{Wire, trusting},
};

const REQUESTS: u64 = 10_000;
const CLIENTS: u64 = 16;
/// An answer that does not come in this time belongs to a request that is not complete.
const PATIENCE: Duration = Duration::from_millis(300);

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    fn below(&mut self, range: Range<usize>) -> usize {
        let width = (range.end - range.start).max(1) as u64;
        range.start + (self.next() % width) as usize
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(0..of.len())]
    }

    /// Bytes are changed, left out, doubled, or put in.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(1..6) {
            let at = self.below(0..bytes.len() + 1);
            let odd: &[u8] = self.one(ODD);
            match self.below(0..5) {
                0 if at < bytes.len() => bytes[at] = self.next() as u8,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 if at < bytes.len() => {
                    let end = (at + self.below(1..40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                3 => bytes.truncate(at.max(4)),
                _ => drop(bytes.splice(at..at, odd.iter().copied())),
            }
        }
    }
}

/// What readers stumble over.
const ODD: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"%",
    b"%00",
    b"%zz",
    b"%f0%9f%92%a9",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"../",
    b"..%2f",
    b"//",
    b"?",
    b"#",
    b"&&==&",
    b";",
    b"\"",
    b"<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>",
    b"&#x0;",
    b"]]>",
    b"{\"line\":{}}",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"\xe2\x80\xae",
    b"99999999999999999999999999",
    b"-1",
    b"1e999",
    b"\xf4\x8f\xbf\xbf",
];

const PATHS: &[&str] = &[
    "/api/v1/coSpaces",
    "/api/v1/coSpaces/4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10/accessMethods",
    "/api/v1/calls/4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10/participants/*",
    "/api/v1/layoutTemplates/4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10/template",
    "/api/v1/system/status",
    "/api/v1/system/alarms",
    "/api/v1/system/cdrReceivers/",
    "/api/v1/outboundDialPlanRules",
    "/api/mmp/v1/line",
    "/api/mmp/v1/request",
    "/api/mmp/v1/session",
    "/api/mmp/v1/files/cms.lic",
    "/api/mmp/v1/files",
    "/api/mmp/v1/openapi.json",
    "/index.html",
    "/",
];

const FORMS: &[&str] = &[
    "name=Ops&uri=ops&callId=123&passcode=1234&defaultLayout=allEqual&nonMemberAccess=true",
    "remoteParty=a@b.test&bandwidth=2000000&confirmation=true&importance=7",
    "domain=example.com&priority=10&sipProxy=192.0.2.1&trunkType=sip&failureAction=stop",
    "uri=https%3A%2F%2Fcdr.example.com%2Fin&url=",
    "{}",
    "",
];

const DOCUMENTS: &[&str] = &[
    "{\"line\":\"ipv4 a add 192.0.2.1/24 192.0.2.254\",\"confirmed\":true}",
    "{\"dns\":\"show\"}",
    "{\"user\":{\"info\":\"eva\"}}",
    "{\"user\":\"eva\",\"password\":\"right\"}",
    "<?xml version=\"1.0\"?><coSpace id=\"x\"><name>a</name></coSpace>",
    "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cms.lic\"\r\n\r\n{}\r\n--x--\r\n",
];

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "QUERY", "TRACE"];

/// A request, and whether its frame was left whole, so that an answer must come.
fn request(dice: &mut Dice) -> (Vec<u8>, bool, bool) {
    let method = dice.one(METHODS);
    let mut path = dice.one(PATHS).as_bytes().to_vec();
    let bodies = if dice.next().is_multiple_of(2) { FORMS } else { DOCUMENTS };
    let mut body = dice.one(bodies).as_bytes().to_vec();
    let level = dice.below(0..4);
    match level {
        0 => {
            dice.spoil(&mut path);
            // A path ends where a line or a word does.
            path.retain(u8::is_ascii_graphic);
            path.insert(0, b'/');
        }
        1 => path.extend_from_slice(format!("?{}", spoilt_query(dice)).as_bytes()),
        2 => dice.spoil(&mut body),
        _ => {}
    }
    let kind = dice.one(&[
        "application/json",
        "text/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ]);
    let mut bytes = format!("{method} ").into_bytes();
    bytes.extend_from_slice(&path);
    let length = body.len();
    let head = format!(" HTTP/1.1\r\nHost: localhost\r\n{EVA}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&body);
    if level == 3 {
        dice.spoil(&mut bytes);
    }
    (bytes, level != 3, *method == *"HEAD")
}

fn spoilt_query(dice: &mut Dice) -> String {
    let mut query = b"filter=o&offset=0&limit=20&tenantFilter=&usageFilter=referenced".to_vec();
    dice.spoil(&mut query);
    query.retain(u8::is_ascii_graphic);
    String::from_utf8(query).unwrap()
}

/// Sends the requests of one client; gives how many were answered with which status.
fn client(service: &Service, number: u64, config: &Arc<ClientConfig>) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    let source = [127, 0, 3, number as u8];
    let mut wire: Option<Wire> = None;
    for seed in (number..REQUESTS).step_by(CLIENTS as usize) {
        let (bytes, whole, to_head) = request(&mut Dice(seed));
        let open = wire.take().filter(|_| whole);
        let mut now = open.unwrap_or_else(|| Wire::with(Arc::clone(config), service.port, source.into()).unwrap());
        if !whole {
            now.wait(PATIENCE);
        }
        now.write(&bytes);
        let answer = now.next(to_head);
        let shown = String::from_utf8_lossy(&bytes);
        match answer {
            Ok(answer) => {
                let known = matches!(answer.status, 100 | 200 | 204 | 304 | 400..=499);
                assert!(known, "seed {seed} was answered {}:\n{shown}", answer.head);
                *statuses.entry(answer.status).or_default() += 1;
                let stays = whole && answer.header("connection") != Some("close");
                wire = stays.then_some(now);
            }
            Err(error) => {
                assert!(!whole, "seed {seed} was not answered ({error}):\n{shown}");
                *statuses.entry(0).or_default() += 1;
            }
        }
    }
    statuses
}

#[test]
fn ten_thousand_malformed_requests_bring_no_error_of_the_server() {
    let mut service = Service::start();
    let config = Arc::new(trusting(&service.path().join("chain.pem"), &[b"http/1.1"]));
    let mut all = BTreeMap::<u16, usize>::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (service, config) = (&service, &config);
                scope.spawn(move || client(service, number, config))
            })
            .collect();
        for client in clients {
            for (status, count) in client.join().unwrap() {
                *all.entry(status).or_default() += count;
            }
        }
    });
    println!("answers by status (0 is none): {all:?}");
    assert_eq!(all.values().sum::<usize>(), REQUESTS as usize);
    for status in [200, 400, 404, 405] {
        assert!(all.get(&status).is_some_and(|count| *count > 100), "the requests do not reach everything: {all:?}");
    }
    assert!(service.is_alive());
    assert_eq!(service.get("/api/v1/system/status").status, 200);
}
