//! The cookie of a session (RFC 6265) and the proof that a request was meant.
//!
//! A browser sends the cookie with every request, also with those that another site made it send; so what changes
//! anything must come with a header that only our pages can set, and from our own origin.

use aws_lc_rs::digest::{Context, SHA256};
use http::{HeaderMap, header};
use mmp_control::Secret;

/// `__Host-` has browsers refuse it unless it is `Secure`, for the whole site, and for no other host.
const NAME: &str = "__Host-session";
/// Attributes of the cookie.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";
/// The header with the proof.
pub const HEADER: &str = "x-csrf-token";
/// Characters of a token.
const TOKEN: usize = 64;

/// The session's token, where a request brings exactly one that could be one.
pub fn token(headers: &HeaderMap) -> Option<Secret> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = pairs.flat_map(|text| text.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    });
    let token = ours.next().filter(|_| ours.next().is_none())?;
    let fits = token.len() == TOKEN && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then(|| Secret::new(token.to_owned()))
}

/// `Set-Cookie` of a new session. Without an age it ends with the browser; mmpd ends it sooner.
pub fn set(token: &Secret) -> String {
    format!("{NAME}={}; {ATTRIBUTES}", token.reveal())
}

/// `Set-Cookie` that takes it away.
pub fn clear() -> String {
    format!("{NAME}=; Max-Age=0; {ATTRIBUTES}")
}

/// The proof that belongs to a session. It follows from the token, so that it holds as long; the token does not follow
/// from it.
pub fn proof(token: &Secret) -> String {
    let mut context = Context::new(&SHA256);
    context.update(b"rostrum csrf\0");
    context.update(token.reveal().as_bytes());
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a request that comes with this session's cookie was meant by our pages.
pub fn is_meant(headers: &HeaderMap, token: &Secret) -> bool {
    let given = headers.get(HEADER).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let right = aws_lc_rs::constant_time::verify_slices_are_equal(given, proof(token).as_bytes()).is_ok();
    right && is_own_origin(headers) == Some(true)
}

/// Whether a request comes from a page of this very host; `None` when it does not say.
pub fn is_own_origin(headers: &HeaderMap) -> Option<bool> {
    let origin = headers.get(header::ORIGIN)?.as_bytes();
    let host = headers.get(header::HOST).map(http::HeaderValue::as_bytes).unwrap_or_default();
    Some(origin.strip_prefix(b"https://").is_some_and(|own| !host.is_empty() && own.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).try_into().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_cookie_among_others_is_found_and_two_are_none() {
        let token = "0123456789abcdef".repeat(4);
        let found = |cookie: &str| super::token(&headers(&[("cookie", cookie)])).map(|token| token.reveal().to_owned());
        assert_eq!(found(&format!("a=b; __Host-session={token}; c")), Some(token.clone()));
        assert_eq!(found(&format!("__Host-session={token}; __Host-session={token}")), None);
        assert_eq!(found("__Host-session=short"), None);
        assert_eq!(found(&format!("__Host-session={}", "x".repeat(64))), None);
    }

    #[test]
    fn only_our_own_pages_mean_a_request() {
        let token = Secret::new("0123456789abcdef".repeat(4));
        let proof = proof(&token);
        let meant = |origin: &str, proof: &str| {
            is_meant(&headers(&[("host", "cms1:445"), ("origin", origin), (HEADER, proof)]), &token)
        };
        assert!(meant("https://cms1:445", &proof));
        assert!(!meant("https://evil.test", &proof));
        assert!(!meant("http://cms1:445", &proof));
        assert!(!meant("null", &proof));
        assert!(!meant("https://cms1:445", ""));
        assert!(!is_meant(&headers(&[("host", "cms1:445"), (HEADER, &proof)]), &token), "no origin");
    }
}
