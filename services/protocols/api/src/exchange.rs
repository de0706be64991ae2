//! What goes into the door and what comes out: the bytes of a request, the bytes of its answer. Who asks, and whether they
//! may, was decided before.

use std::fmt;

use crate::{fault::Fault, xml::Element};

/// One request as it came over the connection.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method's name.
    pub method: &'a str,
    /// The path as sent, percent signs and all.
    pub path: &'a str,
    /// What follows the question mark, as sent; empty if nothing does.
    pub query: &'a str,
    /// The body; the content type says nothing reliable about it (`api.md` 1.3) and is not asked for.
    pub body: &'a [u8],
}

/// Bodies and queries carry passcodes, so neither is shown.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} ({} bytes)", self.method, self.path, self.body.len())
    }
}

/// The answer. The caller adds `Date` and `Content-Length`, and compresses the body for who accepts it.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Every header that belongs to the API, in order.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty means that there is none, and no `Content-Type` either.
    pub body: Vec<u8>,
    /// For the log: what was done, to be put after `<client ip>: API user "<name>" ` (`api.md` 10).
    pub event: Option<String>,
}

/// Bodies carry passcodes and secrets.
impl fmt::Debug for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({} bytes)", self.status, self.body.len())
    }
}

/// What stands on every answer of the API (`api.md` 1.1).
pub const COMMON_HEADERS: [(&str, &str); 4] = [
    ("Server", "Apache"),
    ("X-Frame-Options", "DENY"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Vary", "Accept-Encoding"),
];

/// The challenge, which clients wait for before they send credentials.
pub const CHALLENGE: (&str, &str) = ("WWW-Authenticate", "Basic realm=\"acano\"");

impl Answer {
    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        let headers = COMMON_HEADERS.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { status, headers, body: Vec::new(), event: None }
    }

    /// 200 with a document.
    pub fn document(root: &Element) -> Self {
        Self::ok("text/xml", root.document())
    }

    /// 200 with a body of the named type.
    pub fn ok(content_type: &str, body: Vec<u8>) -> Self {
        let mut answer = Self::empty(200);
        // An empty body has no type (`api.md` 1.2).
        if !body.is_empty() {
            answer.headers.push(("Content-Type", content_type.to_owned()));
        }
        answer.body = body;
        answer
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// 401 with the challenge: no credentials, or wrong ones.
    pub fn unauthorised() -> Self {
        Self::empty(401).with(CHALLENGE.0, CHALLENGE.1)
    }

    /// 403: a role that may not use the API.
    pub fn forbidden() -> Self {
        Self::empty(403)
    }

    /// 404: a path outside the API.
    pub fn not_found() -> Self {
        Self::empty(404)
    }

    /// 503: busy, the same request may be tried again later.
    pub fn busy() -> Self {
        Self::empty(503)
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        let mut answer = Self::document(&fault.element());
        answer.status = fault.status();
        answer
    }
}
