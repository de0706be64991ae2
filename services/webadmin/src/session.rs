//! `/api/mmp/v1/session`: sign in, look, sign out.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hyper::body::Incoming;
use mmp_client::Client;
use mmp_control::{Reply, Request, Secret, reply::WebSession};
use mmp_model::Role;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    basic::Credentials,
    body, cookie,
    mmpd::{Fault, Lane, Mmpd},
    respond::{self, Response},
};

/// What is typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// As typed; it may name nobody.
    pub user: String,
    /// As typed.
    pub password: Secret,
    /// The one to be, where the present one has expired.
    #[serde(default)]
    pub new_password: Option<Secret>,
}

/// Answers a request for the session.
pub async fn answer(mmpd: &Mmpd, request: http::Request<Incoming>, peer: SocketAddr) -> Response {
    match *request.method() {
        Method::POST => sign_in(mmpd, request, peer).await,
        Method::GET => look(mmpd, request.headers(), peer).await,
        Method::DELETE => sign_out(mmpd, request.headers()).await,
        _ => not_allowed("DELETE, GET, POST"),
    }
}

/// The answer to another method.
pub fn not_allowed(methods: &'static str) -> Response {
    let hint = format!("this takes {methods}");
    let mut response =
        respond::error(StatusCode::METHOD_NOT_ALLOWED, "method", "That method is not for this.", Some(&hint));
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    response
}

/// The answer to a request of nobody.
pub fn nobody() -> Response {
    respond::error(StatusCode::UNAUTHORIZED, "session_over", "Nobody is signed in here.", Some("sign in"))
}

/// The answer to a request that another site may have made.
pub fn not_meant() -> Response {
    respond::error(
        StatusCode::FORBIDDEN,
        "csrf",
        "The request does not come from a page of this site. Nothing was done.",
        Some("send the header X-CSRF-Token with the value that the session names, and Origin"),
    )
}

fn told(session: &WebSession, token: &Secret, notices: &[String]) -> Value {
    json!({
        "user": session.user,
        "role": session.role,
        "expires_in": session.expires_in,
        "idle": session.idle,
        "csrf": cookie::proof(token),
        "notices": notices,
    })
}

async fn sign_in(mmpd: &Mmpd, mut request: http::Request<Incoming>, peer: SocketAddr) -> Response {
    // Another site must not be able to sign somebody in as somebody else.
    if cookie::is_own_origin(request.headers()) == Some(false) {
        body::drop_politely(request.body_mut()).await;
        return not_meant();
    }
    let SignIn { user, password, new_password } = match body::json(request.into_body()).await {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    match mmpd.sign_in(&Credentials { user, password }, new_password, peer).await {
        Ok(signed) => {
            let mut told = told(&signed.session, &signed.token, &signed.notices);
            told["failed_logins"] = json!(signed.failed_logins);
            told["last_login"] = json!(signed.last_login);
            with_cookie(respond::json(StatusCode::OK, &told), &cookie::set(&signed.token))
        }
        Err(fault) => respond::fault(&fault),
    }
}

async fn look(mmpd: &Mmpd, headers: &HeaderMap, peer: SocketAddr) -> Response {
    let Some(token) = cookie::token(headers) else { return nobody() };
    match mmpd.check(&token, peer).await {
        Ok(session) => {
            let notices = notices(mmpd, &session, &token, peer).await;
            respond::json(StatusCode::OK, &told(&session, &token, &notices))
        }
        Err(fault @ Fault::Refused(_)) => with_cookie(respond::fault(&fault), &cookie::clear()),
        Err(fault) => respond::fault(&fault),
    }
}

/// What the sign-in tells an administrator, as it is now.
async fn notices(mmpd: &Mmpd, session: &WebSession, token: &Secret, peer: SocketAddr) -> Vec<String> {
    if session.role != Role::Admin {
        return Vec::new();
    }
    let ask = |client: &mut Client, _| client.call("", Request::Alarms);
    match mmpd.act(Lane::Request, token.clone(), peer, None, ask).await {
        Ok(Reply::Alarms(notices)) => notices,
        // The session holds, and that is what was asked.
        _ => Vec::new(),
    }
}

async fn sign_out(mmpd: &Mmpd, headers: &HeaderMap) -> Response {
    let Some(token) = cookie::token(headers) else { return nobody() };
    if !cookie::is_meant(headers, &token) {
        return not_meant();
    }
    match mmpd.sign_out(&token).await {
        Ok(()) => with_cookie(respond::empty(StatusCode::NO_CONTENT), &cookie::clear()),
        Err(fault) => respond::fault(&fault),
    }
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}
