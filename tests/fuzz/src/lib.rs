//! Fuzz targets: one for each parser that reads bytes of somebody else. A target returns if all is well and panics if a
//! promise is broken.
//!
//! `cargo xtask fuzz <target> <seconds>` runs one with coverage guidance, `all` instead of a name all of them; the tests
//! below replay the seeds and some random bytes, so that a target that broke is seen at once.

use meeting_api::{Memory, Request, System, WithoutCallBridge};
use mmp_backup::{BackupKey, Bundle, Sealed};
use mmp_control::{Answer, Ask, Hello, frame};
use mmp_model::{
    FileName, Host, Ipv4Prefix, Ipv6Prefix, Role, Subnet, dns::ResourceRecord, dns::TrustAnchor, duty::Duty, firewall,
    readable, ssh::PublicKeys, text::LoginText, versions,
};

/// A parser under test.
pub type Target = fn(&[u8]);

/// All targets by name, each with seeds.
pub const TARGETS: &[(&str, Target, &[&[u8]])] = &[
    (
        "shell-line",
        shell_line,
        &[b"ipv4 a add 192.0.2.10/24 192.0.2.1", b"dns add rr \"a. IN A 192.0.2.1\" | include a", b"?"],
    ),
    ("control-frame", control_frame, &[b"{\"call\":{\"line\":\"dns\",\"request\":{\"dns\":\"show\"}}}", b"\"cancel\""]),
    ("settings-file", settings_file, &[include_bytes!("../../releases/0.1.0/settings.json")]),
    (
        "backup-file",
        backup_file,
        &[include_bytes!("../seeds/backup-file/sealed.bak"), include_bytes!("../seeds/backup-file/content")],
    ),
    (
        "api-request",
        api_request,
        &[
            b"POST\n/api/v1/coSpaces\n\n&name=Ops&uri=Ops&requireCallId=true",
            b"GET\n/api/v1/cospaces/\nfilter=o&offset=1&limit=5\n",
            b"PUT\n/API/v1/calls/4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10/participants/%2A\n\n{}",
            b"GET\n/api/v1/system/licensing\n\n",
        ],
    ),
    (
        "web-door",
        web_door,
        &[
            include_bytes!("../seeds/web-door/line"),
            include_bytes!("../seeds/web-door/session"),
            include_bytes!("../seeds/web-door/request"),
            include_bytes!("../seeds/web-door/upload"),
            include_bytes!("../seeds/web-door/path-that-is-no-address"),
        ],
    ),
    ("live-json", live_json, &[include_bytes!("../seeds/live-json/live.json")]),
    ("sftp-packet", sftp_packet, &[&[1, 0, 0, 0, 3], &[16, 0, 0, 0, 1, 0, 0, 0, 1, b'.']]),
    (
        "uploads",
        uploads,
        &[
            b"# mine\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob@laptop\n",
            b"no-pty,command=\"x\" ssh-ed25519 AAAA",
            b"\xef\xbb\xbfAuthorised use only\r\n",
        ],
    ),
    (
        "certificate",
        certificate,
        &[
            include_bytes!("../../../mmp/pki/tests/odd/plain.pem"),
            include_bytes!("../../../mmp/pki/tests/odd/encoded.der"),
            include_bytes!("../../../mmp/pki/tests/odd/escapes.pem"),
            include_bytes!("../../../mmp/pki/tests/odd/bound-bundle.pem"),
            include_bytes!("../../../mmp/pki/tests/odd/chain-p12.der"),
            include_bytes!("../../../mmp/pki/tests/odd/locked-aes256.pem"),
        ],
    ),
    ("licence", licence, &[include_bytes!("../seeds/licence/cms.lic")]),
    (
        "values",
        values,
        &[
            b"192.0.2.1/24",
            b"_sip._tcp.example.com. 86400 IN SRV 0 5 5060 sip.example.com.",
            b". IN DS 20326 8 2 E06D",
            b"!MoTu2200-0600|We",
            b"MoTuWeThFr0800-1700|!Sa",
            b"2001:db8::1/64",
            include_bytes!("../seeds/values/record-that-prints-otherwise"),
        ],
    ),
];

/// Reads, shows and checks whatever was uploaded; what is shown moves no cursor.
fn certificate(bytes: &[u8]) {
    let Ok(file) = mmp_pki::File::read(bytes) else { return };
    let text = mmp_pki::inspect::text(&file);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "a control character is shown");
    let certificates: Vec<_> = file.certificates().cloned().collect();
    let _ = mmp_pki::pair::check(bytes, bytes, Some(bytes), 1_798_761_600);
    if let Some(first) = certificates.first() {
        let _ = mmp_pki::verify(first, &certificates, &certificates, first.not_before());
        let again = mmp_pki::Certificate::from_der(first.der());
        assert_eq!(again.as_ref(), Some(first), "a certificate is not read as it was written");
    }
}

/// No bytes but those that were signed grant anything.
fn licence(bytes: &[u8]) {
    let keys = mmp_licence::Keyring::read(include_str!("../../../image/manifest/development-licence.pub"));
    let Ok(licence) = mmp_licence::Licence::read(bytes, &keys) else { return };
    let genuine = include_bytes!("../seeds/licence/cms.lic");
    let genuine = mmp_licence::Licence::read(genuine, &keys).expect("the seed is signed with this key");
    assert_eq!(licence, genuine, "bytes that were not signed are taken");
}

fn shell_line(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else { return };
    for role in [Role::Admin, Role::Audit] {
        let _ = mmp_grammar::parse(line, role);
        let ends = (0..=line.len()).filter(|at| line.is_char_boundary(*at));
        for cursor in ends.take(64) {
            let _ = mmp_grammar::complete(line, cursor, role);
        }
    }
}

fn control_frame(bytes: &[u8]) {
    let _ = frame::decode::<Hello>(bytes);
    let _ = frame::decode::<Answer>(bytes);
    if let Ok(ask) = frame::decode::<Ask>(bytes) {
        let again = frame::encode(&ask).expect("what was decoded is encoded");
        assert_eq!(frame::decode::<Ask>(&again[frame::HEADER..]).expect("what was encoded is decoded"), ask);
    }
}

fn settings_file(bytes: &[u8]) {
    let Ok(stored) = serde_json::from_slice(bytes) else { return };
    if let Ok(settings) = versions::load(stored) {
        assert_eq!(versions::load(versions::store(&settings)).expect("what was stored is loaded"), settings);
    }
}

/// The content is tried without its seal as well, which no change of a sealed file would reach.
fn backup_file(bytes: &[u8]) {
    let key = BackupKey::new([7; mmp_backup::key::BYTES]);
    if let Ok(mut sealed) = Sealed::read(bytes.to_vec(), "0.1.0") {
        let _ = sealed.open(&key);
    }
    if let Ok(bundle) = Bundle::decode(bytes) {
        let again = bundle.encode().expect("what was decoded is encoded");
        assert_eq!(Bundle::decode(&again).expect("what was encoded is decoded"), bundle);
    }
    if let Ok(Ok(key)) = std::str::from_utf8(bytes).map(str::parse::<BackupKey>) {
        assert_eq!(key.reveal().parse().as_ref(), Ok(&key));
    }
}

/// Method, path, query and body stand on lines of their own; the body has the rest.
fn api_request(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (method, path, query) = (text(), text(), text());
    let request = Request { method, path, query, body: parts.next().unwrap_or_default() };
    let memory = Memory::new(System::default());
    let again = Request { method: "GET", ..request };
    let answers = [
        meeting_api::answer(&request, &memory),
        meeting_api::answer(&again, &memory),
        meeting_api::answer(&request, &WithoutCallBridge::default()),
    ];
    for answer in answers {
        assert!(matches!(answer.status, 200 | 400 | 404), "{answer:?}");
        if answer.header("Content-Type") == Some("text/xml") {
            let text = std::str::from_utf8(&answer.body).expect("XML is text");
            roxmltree::Document::parse(text).expect("XML is well-formed");
        }
        assert_eq!(answer.body.is_empty(), answer.header("Content-Type").is_none());
    }
}

/// What Web Admin reads before anybody has signed in: `Authorization`, `Cookie`, `Host` and path on lines of their own, then
/// a body.
fn web_door(bytes: &[u8]) {
    use webadmin::{api, basic, cookie, line, pages, redirect, session, transfer};

    let mut parts = bytes.splitn(5, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let (authorization, cookies, host, path, body) = (part(), part(), part(), part(), part());
    if let Some(found) = basic::read(authorization) {
        assert!(!found.user.contains(':'), "the name ends at the first colon");
    }
    let mut headers = http::HeaderMap::new();
    for (name, value) in [("cookie", cookies), ("host", host), ("origin", cookies), ("accept-encoding", cookies)] {
        if let Ok(value) = http::HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    if let Some(token) = cookie::token(&headers) {
        assert!(token.reveal().len() == 64 && token.reveal().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(!cookie::is_meant(&headers, &token), "a request without a proof was meant");
    }
    let Ok(path) = std::str::from_utf8(path) else { return };
    let _ = api::is_here(path);
    let _ = pages::takes_gzip(&headers);
    if let Some(name) = transfer::decoded(path).and_then(|name| name.parse::<FileName>().ok()) {
        assert!(!name.as_str().contains('/') && name.as_str() != "..");
    }
    let page = pages::answer(&http::Method::GET, path, &headers).status().as_u16();
    assert!(matches!(page, 200 | 304 | 404));
    if let Ok(uri) = path.parse::<http::Uri>() {
        let answer = redirect::answer(&http::Method::GET, &uri, &headers, 445);
        if let Some(to) = answer.headers().get("location") {
            let to: http::Uri = to.to_str().expect("an address is text").parse().expect("and an address");
            let named = to.host().expect("it names a host");
            assert!(host.starts_with(named.as_bytes()), "it leads elsewhere");
        }
    }
    if let Ok(typed) = serde_json::from_slice::<line::Typed>(body) {
        let _ = mmp_grammar::parse(&typed.line, Role::Admin);
        let _ = mmp_grammar::loggable(&typed.line);
    }
    let _ = serde_json::from_slice::<session::SignIn>(body);
    if let Ok(request) = serde_json::from_slice::<mmp_control::Request>(body) {
        let again = serde_json::to_vec(&request).expect("what was read is written");
        assert_eq!(serde_json::from_slice::<mmp_control::Request>(&again).expect("and read again"), request);
    }
}

fn live_json(bytes: &[u8]) {
    if let Ok(settings) = readable::read(bytes) {
        let again = readable::write(&settings, "0.1.0", &readable::Cards::new());
        assert!(readable::read(again.as_bytes()).is_ok(), "what was written is read");
    }
}

fn sftp_packet(bytes: &[u8]) {
    let _ = mmp_sftp::wire::decode(bytes);
    let _ = mmp_sftp::path::place(bytes);
}

fn uploads(bytes: &[u8]) {
    if let Ok(keys) = PublicKeys::read(bytes) {
        let file = keys.file();
        assert!(
            file.lines().all(|line| line.starts_with("ssh-") || line.starts_with("ecdsa-") || line.starts_with("sk-"))
        );
        assert!(!file.chars().any(|c| c.is_control() && c != '\n'));
        assert_eq!(PublicKeys::read(file.as_bytes()), Ok(keys));
    }
    let text = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<LoginText>().ok());
    assert!(text.is_none_or(|text| text.as_str().chars().all(|c| c == '\n' || !c.is_control())));
}

fn values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let one_line = |value: String| assert!(!value.contains('\n'), "{value:?} has two lines");
    let _ = text.parse::<Ipv4Prefix>().map(|v| one_line(v.to_string()));
    let _ = text.parse::<Subnet>().map(|v| one_line(v.to_string()));
    let _ = text.parse::<Host>().map(|v| one_line(v.to_string()));
    let _ = text.parse::<Duty>().map(|v| {
        one_line(v.to_string());
        assert_eq!(v.to_string(), text);
    });
    let _ = text.parse::<FileName>().map(|v| assert!(!v.as_str().contains('/')));
    let _ = text.parse::<Ipv6Prefix>().map(|v| one_line(v.to_string()));
    let _ = text.parse::<firewall::Service>().map(|v| one_line(v.to_string()));
    let _ = text.parse::<TrustAnchor>().map(|v| one_line(v.to_string()));
    if let Ok(record) = text.parse::<ResourceRecord>() {
        one_line(record.to_string());
        assert_eq!(record.to_string().parse::<ResourceRecord>().as_ref(), Ok(&record));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_seed_passes_its_target() {
        for (_, target, seeds) in TARGETS {
            seeds.iter().for_each(|seed| target(seed));
        }
    }

    proptest! {
        #[test]
        fn random_bytes_pass_every_target(bytes in proptest::collection::vec(any::<u8>(), 0..120), text in "\\PC{0,60}") {
            for (_, target, _) in TARGETS {
                target(&bytes);
                target(text.as_bytes());
            }
        }
    }
}
