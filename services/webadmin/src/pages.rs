//! The pages: static files, put into the program when it is built.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::respond::{self, Response};

struct Page {
    name: &'static str,
    content: &'static [u8],
    /// Compressed by gzip; empty where that is no smaller.
    packed: &'static [u8],
}

static PAGES: &[Page] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Answers GET for a path of the site.
pub fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response {
    let wanted = path.trim_start_matches('/');
    let name = if wanted.is_empty() { "index.html" } else { wanted };
    let Some(page) = PAGES.iter().find(|page| page.name == name) else {
        return respond::typed(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "There is no such page.\n");
    };
    if method != Method::GET {
        let mut response = respond::empty(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let tag = tag(page.content);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let packed = !page.packed.is_empty() && takes_gzip(headers);
    let mut response = if known {
        respond::empty(StatusCode::NOT_MODIFIED)
    } else {
        let bytes = if packed { page.packed } else { page.content };
        respond::typed(StatusCode::OK, kind(page.name), bytes)
    };
    let answer = response.headers_mut();
    if packed && !known {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // Asked for again after an upgrade, and answered without the content while it is the same.
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    response
}

/// Whether a client takes gzip.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    encodings.flat_map(|text| text.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        named && !parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.trim_matches(['0', '.']).is_empty()))
    })
}

fn tag(content: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content);
    let hex: String = digest.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("webmanifest") => "application/manifest+json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &'static str) -> HeaderMap {
        [(header::ACCEPT_ENCODING, HeaderValue::from_static(text))].into_iter().collect()
    }

    #[test]
    fn a_page_is_there_and_nothing_above_the_folder_is() {
        let get = |path| answer(&Method::GET, path, &HeaderMap::new()).status();
        assert_eq!(get("/"), StatusCode::OK);
        assert_eq!(get("/index.html"), StatusCode::OK);
        for path in ["/../Cargo.toml", "//etc/passwd", "/nothing", "/%2e%2e/Cargo.toml"] {
            assert_eq!(get(path), StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(answer(&Method::POST, "/", &HeaderMap::new()).status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[test]
    fn a_page_that_is_known_is_not_sent_again() {
        let first = answer(&Method::GET, "/", &HeaderMap::new());
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(answer(&Method::GET, "/", &headers).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn gzip_is_taken_when_it_is_offered() {
        assert!(takes_gzip(&accepts("br, gzip;q=0.5")) && takes_gzip(&accepts("*")));
        assert!(!takes_gzip(&accepts("gzip;q=0")) && !takes_gzip(&accepts("br")) && !takes_gzip(&HeaderMap::new()));
    }
}
