//! Answers that flow: files, and logs that are followed as server-sent events.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::BodyExt;
use mmp_client::Client;
use mmp_control::{Refusal, Reply, Request, Secret, Welcome, roles};
use tokio::{
    sync::mpsc,
    time::{Interval, interval},
};

use crate::{
    mmpd::{Fault, Lane, Leash, Mmpd, leash},
    respond::{self, Response},
};

/// A quiet stream says so this often, so that nobody between takes it for dead.
const QUIET: Duration = Duration::from_secs(15);
/// Pieces that wait for a slow reader; then the log waits.
const PIECES: usize = 16;

/// A body whose pieces come over a channel.
#[derive(Debug)]
pub struct Flow {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    quiet: Option<Interval>,
    _leash: Option<Leash>,
}

impl Flow {
    /// What comes over the channel, with a sign of life between where one is wanted.
    pub fn new(pieces: mpsc::Receiver<io::Result<Bytes>>, quiet: Option<Duration>, leash: Option<Leash>) -> Self {
        Self { pieces, quiet: quiet.map(interval), _leash: leash }
    }
}

impl http_body::Body for Flow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Poll::Ready(piece) = self.pieces.poll_recv(task) {
            if let Some(quiet) = &mut self.quiet {
                quiet.reset();
            }
            return Poll::Ready(piece.map(|piece| piece.map(Frame::data)));
        }
        match &mut self.quiet {
            Some(quiet) => quiet.poll_tick(task).map(|_| Some(Ok(Frame::data(Bytes::from_static(b": quiet\n\n"))))),
            None => Poll::Pending,
        }
    }
}

/// Follows what `request` gives, a `data:` line a line. `event: end` says that it has ended and why.
pub async fn answer(mmpd: &Mmpd, token: Secret, line: &'static str, request: Request, peer: SocketAddr) -> Response {
    let (sender, pieces) = mpsc::channel(PIECES);
    let (leash, collar) = leash();
    let (begun, beginning) = tokio::sync::oneshot::channel();
    let follower = mmpd.clone();
    tokio::spawn(async move {
        let events = sender.clone();
        let talk = move |client: &mut Client, welcome: Welcome| {
            if !roles::permits(welcome.role, &request) {
                return Err(Refusal::denied().into());
            }
            let _ = begun.send(());
            let mut gone = false;
            let mut on_text = |text: &str| gone |= gone || events.blocking_send(Ok(event(text))).is_err();
            client.call_streaming(line, request, &mut on_text, &|| false)
        };
        let outcome = follower.act(Lane::Long, token, peer, Some(collar), talk).await;
        let _ = sender.send(Ok(last(&outcome))).await;
        outcome
    });
    // The first event would tell too, but a log may be silent for hours.
    if beginning.await.is_err() {
        return refused(pieces).await;
    }
    let mut response = Response::new(Flow::new(pieces, Some(QUIET), Some(leash)).boxed_unsync());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn refused(mut pieces: mpsc::Receiver<io::Result<Bytes>>) -> Response {
    let last = pieces.recv().await.and_then(Result::ok).unwrap_or_default();
    let text = std::str::from_utf8(&last).unwrap_or_default();
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
    match serde_json::from_str::<Ended>(data) {
        Ok(Ended { refusal: Some(refusal), .. }) => respond::refused(&refusal),
        Ok(Ended { message, .. }) => respond::error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &message, None),
        Err(_) => respond::fault(&Fault::Lost),
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Ended {
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
}

fn last(outcome: &Result<Reply, Fault>) -> Bytes {
    let ended = match outcome {
        Ok(_) => Ended { message: "ended".into(), refusal: None },
        Err(Fault::Refused(refusal)) => Ended { message: refusal.message.clone(), refusal: Some(refusal.clone()) },
        Err(fault) => Ended { message: fault.to_string(), refusal: None },
    };
    Bytes::from(format!("event: end\ndata: {}\n\n", serde_json::to_string(&ended).unwrap_or_default()))
}

fn event(text: &str) -> Bytes {
    let mut event = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        event.push_str("data: ");
        // A carriage return would end a line of the stream.
        event.extend(line.chars().filter(|c| *c != '\r'));
        event.push('\n');
    }
    event.push('\n');
    event.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_lines_is_one_event_that_cannot_be_forged() {
        assert_eq!(event("one\ntwo\n"), "data: one\ndata: two\n\n");
        assert_eq!(event("x\revent: end\n"), "data: xevent: end\n\n");
    }
}
