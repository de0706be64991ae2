//! Answers: their bodies, the headers that each carries, and errors as programs read them.

use std::{convert::Infallible, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use mmp_control::{Code, Kind, Refusal};
use serde::Serialize;
use serde_json::json;

use crate::mmpd::Fault;

/// The body of any answer.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;
/// Any answer.
pub type Response = http::Response<Body>;

/// Scripts, styles and pictures come from here and nowhere else, nothing stands in the page itself, and no other site may
/// put a page of ours into one of its own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Seconds after which whoever gave too many wrong passwords may try again: mmpd's longest pause and a bit.
const BRAKED: &str = "10";

/// A body that is there.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(full(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// The answer to HEAD: what GET would have been answered, without the body but with its length.
pub fn head_of(response: Response) -> Response {
    let length = http_body::Body::size_hint(response.body()).exact().filter(|length| *length > 0);
    let mut head = response.map(|_| full(Bytes::new()));
    if let Some(length) = length {
        head.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
    head
}

/// An answer with a body of a type.
pub fn typed(status: StatusCode, kind: &'static str, bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// An answer in JSON, which nobody keeps.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let text = serde_json::to_vec(value).unwrap_or_default();
    let mut response = typed(status, "application/json", text);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `{"error": {"code", "message", "hint"}}`.
pub fn error(status: StatusCode, code: &str, message: &str, hint: Option<&str>) -> Response {
    json(status, &json!({ "error": { "code": code, "message": message, "hint": hint } }))
}

/// What became of a question to mmpd.
pub fn fault(fault: &Fault) -> Response {
    match fault {
        Fault::Refused(refusal) => refused(refusal),
        Fault::Away => unavailable("unavailable", "The management daemon does not answer. Nothing was done."),
        Fault::Lost => unavailable(
            "lost",
            "The management daemon went away; whether the request was carried out is not known. Show the settings to see \
             what is in force.",
        ),
        Fault::Busy => unavailable("busy", "Too many requests at a time. Nothing was done."),
    }
}

fn unavailable(code: &str, message: &str) -> Response {
    let mut response = error(StatusCode::SERVICE_UNAVAILABLE, code, message, Some("try again in a few seconds"));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// mmpd's refusal.
pub fn refused(refusal: &Refusal) -> Response {
    let (status, code) = match (refusal.code, refusal.kind) {
        (Some(code), _) => named(code),
        (None, Kind::BadValue) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_value"),
        (None, Kind::Denied) => (StatusCode::FORBIDDEN, "denied"),
        (None, Kind::PasswordExpired) => (StatusCode::FORBIDDEN, "password_expired"),
        (None, Kind::Absent) => (StatusCode::NOT_FOUND, "absent"),
        (None, Kind::Conflict) => (StatusCode::CONFLICT, "conflict"),
        (None, Kind::Unavailable) => (StatusCode::CONFLICT, "unavailable_here"),
        (None, Kind::Internal) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    let Refusal { message, state, hint, .. } = refusal;
    let mut response =
        json(status, &json!({ "error": { "code": code, "message": message, "state": state, "hint": hint } }));
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(BRAKED));
    }
    response
}

fn named(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::Wrong => (StatusCode::UNAUTHORIZED, "wrong"),
        Code::SessionOver => (StatusCode::UNAUTHORIZED, "session_over"),
        Code::Locked => (StatusCode::FORBIDDEN, "locked"),
        Code::Braked => (StatusCode::TOO_MANY_REQUESTS, "braked"),
        Code::PasswordExpired => (StatusCode::FORBIDDEN, "password_expired"),
        Code::Host => (StatusCode::FORBIDDEN, "host"),
        Code::Duty => (StatusCode::FORBIDDEN, "duty"),
        Code::Role => (StatusCode::FORBIDDEN, "role"),
        Code::TooMany => (StatusCode::FORBIDDEN, "too_many"),
    }
}

/// Headers of everything but the API: what browsers need to be told.
pub fn harden(headers: &mut HeaderMap) {
    let fixed = [
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (http::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (http::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            http::HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=(), display-capture=()",
        ),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    date(headers);
}

/// `Date`, which every answer has.
pub fn date(headers: &mut HeaderMap) {
    if let Ok(now) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())) {
        headers.insert(header::DATE, now);
    }
}
