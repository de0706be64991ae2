//! `/api/mmp/v1/files`: the folder of SFTP, with its rules, streamed both ways.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use mmp_client::{Client, ClientError};
use mmp_control::{Kind, Refusal, Reply, Request, Secret, request::File as Ask};
use mmp_model::FileName;
use tokio::sync::mpsc;

use crate::{
    body,
    follow::Flow,
    mmpd::{Fault, Lane, Mmpd, leash},
    respond::{self, Response},
    session::not_allowed,
};

/// Bytes that are on their way at a time are four times this.
const PIECE: usize = 64 << 10;
/// Pieces between the disk and the network.
const PIECES: usize = 4;
/// Longest wait for the next piece of an upload.
const NEXT: Duration = Duration::from_secs(30);

/// What an upload brings.
enum Piece {
    Data(Bytes),
    End,
}

/// Answers a request for the folder (`name` is empty) or one file of it.
pub async fn answer(
    mmpd: &Mmpd,
    token: Secret,
    method: &Method,
    name: &str,
    mut body: Incoming,
    peer: SocketAddr,
) -> Response {
    if name.is_empty() {
        return if *method == Method::GET { list(mmpd, token, peer).await } else { not_allowed("GET") };
    }
    let Ok(name) = decoded(name).unwrap_or_default().parse::<FileName>() else {
        body::drop_politely(&mut body).await;
        let hint = Some("names have letters, digits, dots, dashes and underscores");
        return respond::error(StatusCode::UNPROCESSABLE_ENTITY, "bad_name", "That is no name of a file here.", hint);
    };
    match *method {
        Method::GET => download(mmpd, token, name, peer).await,
        Method::PUT => upload(mmpd, token, name, body, peer).await,
        Method::DELETE => {
            let (line, ask) = (format!("files rm {name}"), Request::File(Ask::Remove(name)));
            let done = mmpd.act(Lane::Request, token, peer, None, move |client, _| client.call(&line, ask)).await;
            done.map_or_else(|fault| respond::fault(&fault), |_| respond::empty(StatusCode::NO_CONTENT))
        }
        _ => not_allowed("DELETE, GET, PUT"),
    }
}

async fn list(mmpd: &Mmpd, token: Secret, peer: SocketAddr) -> Response {
    let ask = |client: &mut Client, _| client.call("files ls", Request::File(Ask::List));
    match mmpd.act(Lane::Request, token, peer, None, ask).await {
        Ok(Reply::Files(files)) => respond::json(StatusCode::OK, &files),
        Ok(_) => respond::fault(&Fault::Lost),
        Err(fault) => respond::fault(&fault),
    }
}

async fn download(mmpd: &Mmpd, token: Secret, name: FileName, peer: SocketAddr) -> Response {
    // Held until the last byte is read: a download has a thread for as long as its client takes.
    let place = match mmpd.long().await {
        Ok(place) => place,
        Err(fault) => return respond::fault(&fault),
    };
    let (line, ask) = (format!("files get {name}"), Request::File(Ask::Open(name.clone())));
    let open = move |client: &mut Client, _| client.call_for_descriptor(&line, ask);
    let (info, descriptor) = match mmpd.act(Lane::Request, token, peer, None, open).await {
        Ok((Reply::File(info), descriptor)) => (info, descriptor),
        Ok(_) => return respond::fault(&Fault::Lost),
        Err(fault) => return respond::fault(&fault),
    };
    let mut file = File::from(descriptor);
    // Some files are made as they are read; what is sent is what is there now.
    let size = file.metadata().map_or(info.size, |found| found.len());
    let (sender, pieces) = mpsc::channel(PIECES);
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut left = size;
        while left > 0 {
            let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
            let read = file.read(&mut piece).and_then(|read| if read == 0 { Err(cut()) } else { Ok(read) });
            let sent = match read {
                Ok(read) => {
                    piece.truncate(read);
                    left -= read as u64;
                    sender.blocking_send(Ok(Bytes::from(piece)))
                }
                Err(error) => {
                    left = 0;
                    sender.blocking_send(Err(error))
                }
            };
            if sent.is_err() {
                break;
            }
        }
    });
    let mut response = Response::new(Flow::new(pieces, None, None).boxed_unsync());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, size.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter while it was read")
}

async fn upload(mmpd: &Mmpd, token: Secret, name: FileName, mut body: Incoming, peer: SocketAddr) -> Response {
    let (sender, pieces) = mpsc::channel(PIECES);
    let (leash, collar) = leash();
    let store = move |client: &mut Client, _| store(client, &name, pieces);
    let mmpd = mmpd.clone();
    let storing = tokio::spawn(async move { mmpd.act(Lane::Long, token, peer, Some(collar), store).await });
    let mut fault = None;
    loop {
        match tokio::time::timeout(NEXT, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { continue };
                if sender.send(Piece::Data(data)).await.is_err() {
                    break; // It has failed, and says why below.
                }
            }
            Ok(None) => {
                let _ = sender.send(Piece::End).await;
                break;
            }
            Ok(Some(Err(_))) => {
                let message = "The upload ended early. Nothing was stored.";
                fault = Some(respond::error(StatusCode::BAD_REQUEST, "cut", message, None));
                break;
            }
            Err(_) => {
                let message = "The upload did not go on for 30 seconds. Nothing was stored.";
                fault = Some(respond::error(StatusCode::REQUEST_TIMEOUT, "too_slow", message, None));
                break;
            }
        }
    }
    if sender.is_closed() {
        body::drop_politely(&mut body).await;
    }
    drop(sender);
    let stored = storing.await;
    drop(leash);
    if let Some(fault) = fault {
        return fault;
    }
    match stored {
        Ok(Ok(Reply::File(info))) => respond::json(StatusCode::OK, &info),
        Ok(Err(fault)) => respond::fault(&fault),
        Ok(Ok(_)) | Err(_) => respond::fault(&Fault::Lost),
    }
}

/// Takes an upload in; the name changes only when all of it is there.
fn store(client: &mut Client, name: &FileName, mut pieces: mpsc::Receiver<Piece>) -> Result<Reply, ClientError> {
    const TICKET: u64 = 1;
    let create = Ask::Create { name: name.clone(), ticket: TICKET, keep: false };
    let (_, descriptor) = client.call_for_descriptor(&format!("files put {name}"), Request::File(create))?;
    let mut file = File::from(descriptor);
    let whole = loop {
        match pieces.blocking_recv() {
            Some(Piece::Data(data)) => {
                if let Err(error) = file.write_all(&data) {
                    drop(file);
                    client.call(&format!("files abandon {name}"), Request::File(Ask::Abandon { ticket: TICKET }))?;
                    let text = format!("The upload was not stored: {error}");
                    return Err(Refusal::new(Kind::Unavailable, text).hint("`df` shows the disk's use").into());
                }
            }
            Some(Piece::End) => break true,
            None => break false,
        }
    };
    drop(file);
    if !whole {
        return client.call(&format!("files abandon {name}"), Request::File(Ask::Abandon { ticket: TICKET }));
    }
    client.call(&format!("files close {name}"), Request::File(Ask::Commit { ticket: TICKET }))?;
    client.call(&format!("files stat {name}"), Request::File(Ask::Stat(name.clone())))
}

/// Undoes percent-encoding (RFC 3986 section 2.1).
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = behind;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percent_encoding_is_undone_or_refused() {
        assert_eq!(decoded("a%20b%2e").as_deref(), Some("a b."));
        for wrong in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = decoded(&text);
        }
    }
}
