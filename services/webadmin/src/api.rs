//! `/api/v1`: the product's REST API (`api.md` sections 1 and 2), in the form that its clients know byte by byte.
//!
//! Invariants: who asks has a session of mmpd's, by name and password with each request or by the pages' cookie; its
//! headers are the API's own, and two that browsers need; what the system tells of itself is a few seconds old at most, so that polling
//! costs mmpd nothing.

use std::{
    io::Write,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use meeting_api::{Answer, Guid, System, WithoutCallBridge, system};
use mmp_control::{Code, Reply, Request as Asked, Secret, reply::LicenseFeature};
use nix::time::{ClockId, clock_gettime};

use crate::{
    basic::{self, Recent},
    body, cookie,
    mmpd::{Fault, Lane, Mmpd},
    respond::{self, Response},
};

/// How old what mmpd said may be.
const FRESH: Duration = Duration::from_secs(5);
/// Shorter bodies are not compressed: it would save nothing.
const SHORT: usize = 512;
/// The level of the API, which clients compare with the product's releases. The appliance's own release is `version`'s.
const LEVEL: &str = "2.9.5";
/// Interface whose hardware address names the host, as licences do.
const NAMED_BY: &str = "/sys/class/net/a/address";

/// The door.
#[derive(Debug, Default)]
pub struct Api {
    alarms: Kept<Vec<system::Alarm>>,
    licences: Kept<Vec<system::Licence>>,
}

/// What mmpd said a moment ago.
#[derive(Debug, Default)]
struct Kept<T>(Mutex<Option<(Instant, T)>>);

impl<T: Clone> Kept<T> {
    fn fresh(&self) -> Option<T> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, value)| value.clone())
    }

    fn keep(&self, value: T) -> T {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), value.clone()));
        value
    }
}

/// Who asks.
struct Caller {
    token: Secret,
    /// For the log; the pages' session has its own name at mmpd.
    user: Option<String>,
}

/// Whether a path belongs here, in any case of letters.
pub fn is_here(path: &str) -> bool {
    path.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("/api"))
        && matches!(path.as_bytes().get(4), None | Some(b'/'))
}

impl Api {
    /// Answers one request.
    pub async fn answer(&self, mmpd: &Mmpd, recent: &Recent, request: Request<Incoming>, peer: SocketAddr) -> Response {
        let (head, mut incoming) = request.into_parts();
        let caller = match caller(mmpd, recent, &head.method, &head.headers, peer).await {
            Ok(caller) => caller,
            Err(refusal) => {
                body::drop_politely(&mut incoming).await;
                return sent(&refusal, &head.headers);
            }
        };
        let content = match body::whole(incoming).await {
            Ok(content) => content,
            Err(refusal) => return sent(&Answer::empty(refusal.status().as_u16()), &head.headers),
        };
        let system = self.system(mmpd, &caller.token, head.uri.path(), peer).await;
        let asked = meeting_api::Request {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            body: &content,
        };
        let answer = meeting_api::answer(&asked, &WithoutCallBridge { system });
        if let Some(event) = &answer.event {
            let user = caller.user.as_deref().unwrap_or("(Web Admin)");
            eprintln!("{}: API user \"{user}\" {event}", peer.ip().to_canonical());
        }
        sent(&answer, &head.headers)
    }

    /// What the appliance tells of itself at this path.
    async fn system(&self, mmpd: &Mmpd, token: &Secret, path: &str, peer: SocketAddr) -> System {
        let path = path.to_ascii_lowercase();
        let ask = async |question| {
            mmpd.act(Lane::Request, token.clone(), peer, None, |client, _| client.call("", question)).await
        };
        let mut system = System { status: status(), ..System::default() };
        if path.contains("/system/alarms") {
            system.alarms = match self.alarms.fresh() {
                Some(alarms) => alarms,
                None => match ask(Asked::Alarms).await {
                    Ok(Reply::Alarms(faults)) => self.alarms.keep(faults.iter().map(|text| alarm(text)).collect()),
                    // Not for this role, or nobody there to tell.
                    _ => Vec::new(),
                },
            };
        }
        if path.contains("licensing") || path.contains("/system/status") {
            system.licences = match self.licences.fresh() {
                Some(licences) => licences,
                None => match ask(Asked::License).await {
                    Ok(Reply::License(told)) => self.licences.keep(told.features.iter().map(licence).collect()),
                    _ => Vec::new(),
                },
            };
            let bridge = system.licences.iter().find(|licence| licence.feature == "callBridge");
            system.status.activated = bridge.is_some_and(|licence| licence.state != system::LicenceState::Expired);
        }
        system
    }
}

/// The session of a request, or the answer to one without.
async fn caller(
    mmpd: &Mmpd,
    recent: &Recent,
    method: &Method,
    headers: &HeaderMap,
    peer: SocketAddr,
) -> Result<Caller, Answer> {
    if headers.contains_key(header::AUTHORIZATION) {
        let credentials = basic::credentials(headers).ok_or_else(Answer::unauthorised)?;
        let known = recent.session(mmpd, &credentials, peer).await.map_err(|fault| refusal(&fault))?;
        return Ok(Caller { token: known.token, user: Some(credentials.user) });
    }
    // Pages come with their cookie; without credentials everybody else is challenged.
    let token = cookie::token(headers).ok_or_else(Answer::unauthorised)?;
    if method != Method::GET && !cookie::is_meant(headers, &token) {
        return Err(Answer::forbidden());
    }
    match mmpd.check(&token, peer).await {
        Ok(session) => Ok(Caller { token, user: Some(session.user.to_string()) }),
        Err(fault) => Err(refusal(&fault)),
    }
}

/// A role without rights is told so; anything else that is wrong with the credentials looks like a wrong password.
fn refusal(fault: &Fault) -> Answer {
    match fault {
        Fault::Refused(refusal) if refusal.code == Some(Code::Role) => Answer::forbidden(),
        Fault::Refused(_) => Answer::unauthorised(),
        Fault::Away | Fault::Lost | Fault::Busy => Answer::busy(),
    }
}

fn status() -> system::Status {
    let booted = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(0, |time| time.tv_sec());
    // The hardware address is no secret, but a host's id is no place for it either.
    let address = std::fs::read(NAMED_BY).or_else(|_| std::fs::read("/etc/machine-id")).unwrap_or_default();
    system::Status {
        host_id: Guid::from_bits(number(&[b"host", address.as_slice()])),
        software_version: LEVEL.to_owned(),
        uptime_seconds: u64::try_from(booted).unwrap_or(0),
        now: now(),
        ..system::Status::default()
    }
}

fn alarm(text: &str) -> system::Alarm {
    system::Alarm {
        id: Guid::from_bits(number(&[b"alarm", text.as_bytes()])),
        kind: "applianceFault".to_owned(),
        concerns: None,
        failure_reason: Some(text.to_owned()),
        active_seconds: 0,
    }
}

fn licence(told: &LicenseFeature) -> system::Licence {
    system::Licence {
        feature: told.api_name.clone(),
        state: match told.status.as_str() {
            "activated" => system::LicenceState::Activated,
            "grace" => system::LicenceState::Grace,
            _ => system::LicenceState::Expired,
        },
        expiry: day(&told.expiry),
        limit: told.limit.map(u64::from),
        level: (told.api_name == "branding").then(|| "multipleBrands".to_owned()),
    }
}

/// Reads `2027-Apr-28`.
fn day(text: &str) -> Option<system::Day> {
    let date = jiff::civil::Date::strptime("%Y-%b-%d", text).ok()?;
    let part = |number: i8| u8::try_from(number).ok();
    Some(system::Day { year: u16::try_from(date.year()).ok()?, month: part(date.month())?, day: part(date.day())? })
}

/// The same number for the same parts.
fn number(parts: &[&[u8]]) -> u128 {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
        context.update(b"\0");
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&context.finish().as_ref()[..16]);
    u128::from_be_bytes(bytes)
}

/// RFC 3339 in UTC with seconds, as `2026-01-31T12:00:00Z`.
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The answer on its way: its own headers, `Date`, and compressed for programs that take that. Answers to the pages'
/// cookie are not compressed: their length would tell whoever can make a browser ask something of the secrets in them.
fn sent(answer: &Answer, asked: &HeaderMap) -> Response {
    let packs = answer.body.len() >= SHORT && takes_gzip(asked) && asked.contains_key(header::AUTHORIZATION);
    let squeezed = packs.then(|| gzip(&answer.body)).flatten();
    let packed = squeezed.is_some();
    let mut response = Response::new(respond::full(squeezed.unwrap_or_else(|| answer.body.clone())));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    // Not the product's, and no client minds: browsers must not guess a type, nor anybody keep a passcode.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    respond::date(headers);
    response
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
            && !parts.any(|part| matches!(part.to_ascii_lowercase().as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    packed.write_all(bytes).ok()?;
    packed.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_path_comes_here_and_nothing_else() {
        for path in ["/api/v1/system/status", "/API/V1/coSpaces", "/api", "/api/v2/x"] {
            assert!(is_here(path), "{path}");
        }
        for path in ["/", "/apis", "/events/v1", "/ap", "/äpi/v1"] {
            assert!(!is_here(path), "{path}");
        }
    }

    #[test]
    fn gzip_is_for_who_takes_it() {
        let asked = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        assert!(asked("gzip, deflate") && asked("br;q=1.0, GZIP;q=0.8"));
        assert!(!asked("identity") && !asked("gzip;q=0") && !asked(""));
        let long = Answer::ok("text/xml", b"<?xml version=\"1.0\"?>".repeat(100));
        let mut headers = HeaderMap::new();
        assert!(!sent(&long, &headers).headers().contains_key(header::CONTENT_ENCODING));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(!sent(&long, &headers).headers().contains_key(header::CONTENT_ENCODING), "to a browser");
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic x"));
        assert_eq!(sent(&long, &headers).headers()[header::CONTENT_ENCODING], "gzip");
    }

    #[test]
    fn an_answer_has_the_headers_of_the_api_and_no_others() {
        let sent = sent(&Answer::unauthorised(), &HeaderMap::new());
        let mut names: Vec<&str> = sent.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        let known = [
            "cache-control",
            "date",
            "server",
            "strict-transport-security",
            "vary",
            "www-authenticate",
            "x-content-type-options",
            "x-frame-options",
        ];
        assert_eq!(names, known);
        assert_eq!((sent.status().as_u16(), &sent.headers()["server"]), (401, &HeaderValue::from_static("Apache")));
    }

    #[test]
    fn days_are_read_as_licences_write_them() {
        assert_eq!(day("2027-Apr-28"), Some(system::Day { year: 2027, month: 4, day: 28 }));
        assert_eq!(day("soon"), None);
    }

    #[test]
    fn a_fault_keeps_its_number_for_as_long_as_it_lasts() {
        assert_eq!(alarm("a").id, alarm("a").id);
        assert_ne!(alarm("a").id, alarm("b").id);
    }
}
