//! Which door a request is for, and whose it is.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use mmp_control::Secret;

use crate::{
    api::{self, Api},
    basic::{self, Recent},
    body, cookie, machine,
    mmpd::Mmpd,
    pages,
    respond::{self, Response},
    session,
};

/// The path of the MMP for programs and pages.
const MACHINE: &str = "/api/mmp/v1";

/// Everything that requests are answered with.
pub struct Doors {
    /// The way to mmpd.
    pub mmpd: Mmpd,
    /// Credentials that were right a moment ago.
    pub recent: Recent,
    /// The product's REST API.
    pub api: Api,
}

impl Doors {
    /// Answers one request. HEAD is GET without the body (RFC 9110 section 9.3.2), behind every door.
    pub async fn answer(&self, mut request: Request<Incoming>, peer: SocketAddr) -> Response {
        let head_only = request.method() == Method::HEAD;
        if head_only {
            *request.method_mut() = Method::GET;
        }
        let response = self.answer_in_full(request, peer).await;
        if head_only { respond::head_of(response) } else { response }
    }

    async fn answer_in_full(&self, mut request: Request<Incoming>, peer: SocketAddr) -> Response {
        // HTTP/2 names the host in its own place.
        if let Some(authority) = request.uri().authority().map(ToString::to_string)
            && let Ok(host) = HeaderValue::from_str(&authority)
        {
            request.headers_mut().insert(header::HOST, host);
        }
        let path = request.uri().path().to_owned();
        let mut response = match path.strip_prefix(MACHINE).filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            Some("/session") => session::answer(&self.mmpd, request, peer).await,
            Some("/openapi.json") if request.method() == Method::GET => {
                respond::typed(StatusCode::OK, "application/json", crate::openapi::document())
            }
            Some(rest) => match self.caller(request.method(), request.headers(), peer).await {
                Ok(token) => machine::answer(&self.mmpd, token, rest, request, peer).await,
                Err(response) => {
                    body::drop_politely(request.body_mut()).await;
                    response
                }
            },
            // Its headers are its own.
            None if api::is_here(&path) => return self.api.answer(&self.mmpd, &self.recent, request, peer).await,
            None => {
                body::drop_politely(request.body_mut()).await;
                pages::answer(request.method(), &path, request.headers())
            }
        };
        respond::harden(response.headers_mut());
        response
    }

    /// The session that a request belongs to, by name and password or by the cookie.
    async fn caller(&self, method: &Method, headers: &HeaderMap, peer: SocketAddr) -> Result<Secret, Response> {
        if headers.contains_key(header::AUTHORIZATION) {
            let credentials = basic::credentials(headers).ok_or_else(session::nobody)?;
            let known = self.recent.session(&self.mmpd, &credentials, peer).await;
            return known.map(|known| known.token).map_err(|fault| respond::fault(&fault));
        }
        let token = cookie::token(headers).ok_or_else(session::nobody)?;
        if method != Method::GET && !cookie::is_meant(headers, &token) {
            return Err(session::not_meant());
        }
        Ok(token)
    }
}
