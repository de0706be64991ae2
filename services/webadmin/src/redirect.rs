//! Plain HTTP, which only points to HTTPS (`webadmin http-redirect`).

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::respond::{self, Response};

/// Longest address that is sent back.
const LONGEST: usize = 2048;

/// Points to the same place over HTTPS at this port, for the host that the client named.
pub fn answer(method: &Method, uri: &Uri, headers: &HeaderMap, port: u16) -> Response {
    let named = headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(host);
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    // A request may hold bytes that an address may not (RFC 3986 section 2).
    let fits = path.starts_with('/') && path.len() < LONGEST && path.bytes().all(|byte| byte.is_ascii_graphic());
    let Some(host) = named.filter(|_| fits) else {
        return plain(StatusCode::BAD_REQUEST);
    };
    let address = if port == 443 { format!("https://{host}{path}") } else { format!("https://{host}:{port}{path}") };
    // A browser may remember it for pages; what carries a body must keep its method.
    let status = if *method == Method::GET || *method == Method::HEAD {
        StatusCode::MOVED_PERMANENTLY
    } else {
        StatusCode::PERMANENT_REDIRECT
    };
    let mut response = plain(status);
    match HeaderValue::from_str(&address) {
        Ok(address) => drop(response.headers_mut().insert(header::LOCATION, address)),
        Err(_) => return plain(StatusCode::BAD_REQUEST),
    }
    response
}

fn plain(status: StatusCode) -> Response {
    let mut response = respond::empty(status);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    respond::date(response.headers_mut());
    response
}

/// The host's name or address, without the port; `None` when it is neither.
fn host(text: &str) -> Option<&str> {
    let host = match text.find(']') {
        Some(end) => text.get(..=end)?,
        None => text.split(':').next()?,
    };
    let good = match host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_';
            !host.is_empty() && host.len() < 254 && host.bytes().all(fits)
        }
    };
    good.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(method: &Method, named: Option<&'static str>, path: &str, port: u16) -> (StatusCode, String) {
        let mut headers = HeaderMap::new();
        if let Some(named) = named {
            headers.insert(header::HOST, HeaderValue::from_static(named));
        }
        let response = answer(method, &path.parse().unwrap(), &headers, port);
        let location = response.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        (response.status(), location.unwrap_or_default())
    }

    #[test]
    fn it_points_to_the_same_place_over_https() {
        let moved = StatusCode::MOVED_PERMANENTLY;
        let get = |host, path, port| to(&Method::GET, Some(host), path, port);
        assert_eq!(get("cms1", "/a?b", 445), (moved, "https://cms1:445/a?b".into()));
        assert_eq!(get("cms1:80", "/", 443), (moved, "https://cms1/".into()));
        assert_eq!(get("[2001:db8::1]:80", "/", 445), (moved, "https://[2001:db8::1]:445/".into()));
        assert_eq!(to(&Method::POST, Some("cms1"), "/", 443).0, StatusCode::PERMANENT_REDIRECT);
    }

    #[test]
    fn it_points_nowhere_else() {
        for host in ["", "a/b", "a@b", "a b", "[x]", "[", "a\"b"] {
            assert_eq!(to(&Method::GET, Some(host), "/", 443).0, StatusCode::BAD_REQUEST, "{host}");
        }
        assert_eq!(to(&Method::GET, None, "/", 443).0, StatusCode::BAD_REQUEST);
        assert_eq!(to(&Method::GET, Some("cms1"), "/\u{249}", 443), (StatusCode::BAD_REQUEST, String::new()));
    }
}
