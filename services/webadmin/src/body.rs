//! What comes with a request, read with bounds on its size and its time.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::respond::{self, Response};

/// Largest body in bytes, uploads excepted.
pub const MOST: usize = 1 << 20;
/// Longest time for one.
const LONGEST: Duration = Duration::from_secs(20);

/// Most bytes of an unwanted body that are read to be thrown away.
const UNWANTED: usize = 8 << 20;
/// Longest time for that.
const UNWANTED_LONGEST: Duration = Duration::from_secs(3);

/// Reads what will not be looked at. A client that is still sending when the answer comes may take the answer for a broken
/// connection.
pub async fn drop_politely(body: &mut Incoming) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, Bytes::len);
            if read > UNWANTED {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(UNWANTED_LONGEST, reading).await;
}

/// The whole body.
///
/// # Errors
/// The answer to one that is too long, too slow, or ends early.
pub async fn whole(mut body: Incoming) -> Result<Bytes, Response> {
    let collected = tokio::time::timeout(LONGEST, Limited::new(&mut body, MOST).collect()).await;
    if matches!(collected, Ok(Err(_))) {
        drop_politely(&mut body).await;
    }
    match collected {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(respond::error(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "The request is longer than 1 MiB. Nothing was done.",
            Some("files go to /api/mmp/v1/files/NAME"),
        )),
        Ok(Err(_)) => {
            Err(respond::error(StatusCode::BAD_REQUEST, "cut", "The request ended early. Nothing was done.", None))
        }
        Err(_) => Err(respond::error(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "The request did not come within 20 seconds. Nothing was done.",
            None,
        )),
    }
}

/// The whole body as JSON.
///
/// # Errors
/// As [`whole`], and the answer to what is not of this form. Its text does not quote what came: that may be a password.
pub async fn json<T: DeserializeOwned>(body: Incoming) -> Result<T, Response> {
    let bytes = whole(body).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let at = format!("The body is not the JSON that this needs (line {}, column {})", error.line(), error.column());
        respond::error(StatusCode::BAD_REQUEST, "bad_body", &at, Some("GET /api/mmp/v1/openapi.json describes it"))
    })
}
