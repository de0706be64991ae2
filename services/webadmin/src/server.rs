//! Connections: taken, encrypted, served, and ended.
//!
//! Invariants: an accept loop waits for nothing but the next connection; each connection has a bounded time for its
//! handshake, for each head of a request and for silence; ending the service lets requests that go on finish.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use service_tls::Acceptor;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{interval, sleep, timeout},
};

use crate::{
    doors::Doors,
    patience::Patient,
    places::{Place, Places},
    redirect,
};

/// Longest handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Longest wait for the head of a request, from the end of the one before.
const HEAD: Duration = Duration::from_secs(30);
/// Longest silence on a connection with nothing asked.
const IDLE: Duration = Duration::from_secs(75);
/// Longest head in bytes.
const HEAD_BYTES: usize = 32 << 10;
/// Requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 32;
/// How often an accept loop that hears nothing turns.
pub const TURN: Duration = Duration::from_secs(1);

/// What every connection needs.
pub struct Server {
    /// For HTTPS.
    pub acceptor: Acceptor,
    /// Where requests go.
    pub doors: Doors,
    /// Where HTTPS is, for the redirect.
    pub port: watch::Receiver<u16>,
    /// Bounds.
    pub places: Arc<Places>,
    /// Turns true when the service ends.
    pub ending: watch::Receiver<bool>,
    /// When it was started.
    pub started: Instant,
}

/// What a listener is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HTTPS.
    Encrypted,
    /// The way to it.
    Redirect,
}

/// When an accept loop turned last, in milliseconds since the start.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    fn beat(&self, started: Instant) {
        self.0.store(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long ago that is.
    pub fn age(&self, started: Instant) -> Duration {
        started.elapsed().saturating_sub(Duration::from_millis(self.0.load(Ordering::Relaxed)))
    }
}

/// Takes connections until `closing` turns true or its sender is gone.
pub async fn listen(
    server: Arc<Server>,
    listener: TcpListener,
    kind: Kind,
    pulse: Pulse,
    mut closing: watch::Receiver<bool>,
) {
    let mut turn = interval(TURN);
    loop {
        pulse.beat(server.started);
        tokio::select! {
            _ = closing.changed() => return,
            _ = turn.tick() => {}
            accepted = listener.accept() => match accepted {
                Ok((connection, peer)) => {
                    // Without a place it is closed at once.
                    if let Some(place) = server.places.enter(peer.ip()) {
                        tokio::spawn(converse(Arc::clone(&server), connection, peer, place, kind));
                    }
                }
                // Out of descriptors: those in use come free again.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn converse(server: Arc<Server>, connection: TcpStream, peer: SocketAddr, place: Place, kind: Kind) {
    let _ = connection.set_nodelay(true);
    match kind {
        Kind::Encrypted => {
            let handshake = timeout(HANDSHAKE, server.acceptor.accept(connection));
            let stream = tokio::select! {
                accepted = handshake => accepted,
                () = place.dismissed() => return,
            };
            let Ok(Ok(stream)) = stream else { return };
            encrypted(&server, Patient::new(stream), peer, &place).await;
        }
        Kind::Redirect => plain(&server, Patient::new(connection), &place).await,
    }
}

async fn encrypted(server: &Arc<Server>, stream: Patient<service_tls::Stream>, peer: SocketAddr, place: &Place) {
    let service = service_fn(|request: http::Request<Incoming>| {
        let (server, busy) = (Arc::clone(server), place.busy());
        async move {
            let response = server.doors.answer(request, peer).await;
            // The connection is busy until the last byte of the answer is on its way.
            Ok::<_, Infallible>(response.map(|body| held(body, busy)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES).half_close(false);
    let mut http2 = builder.http2();
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD_BYTES as u32)
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(512 << 10)
        .max_send_buf_size(128 << 10)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut ending = server.ending.clone();
    let mut graceful = *ending.borrow();
    if graceful {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        let silence =
            place.idle().map_or(IDLE, |since| IDLE.saturating_sub(since.elapsed())).max(Duration::from_millis(10));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = place.dismissed() => return,
            _ = ending.changed(), if !graceful => {
                graceful = true;
                connection.as_mut().graceful_shutdown();
            }
            () = sleep(silence) => {
                if place.idle().is_some_and(|since| since.elapsed() >= IDLE) {
                    return;
                }
            }
        }
    }
}

/// A body that holds the connection's place until it is sent or dropped.
fn held(body: crate::respond::Body, busy: crate::places::Busy) -> Held {
    Held { body, _busy: busy }
}

struct Held {
    body: crate::respond::Body,
    _busy: crate::places::Busy,
}

impl http_body::Body for Held {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

async fn plain(server: &Arc<Server>, stream: Patient<TcpStream>, place: &Place) {
    let port = *server.port.borrow();
    let service = service_fn(|request: http::Request<Incoming>| async move {
        Ok::<_, Infallible>(redirect::answer(request.method(), request.uri(), request.headers(), port))
    });
    let mut http1 = hyper::server::conn::http1::Builder::new();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES).keep_alive(false);
    tokio::select! {
        _ = http1.serve_connection(TokioIo::new(stream), service) => {}
        () = place.dismissed() => {}
        () = sleep(IDLE) => {}
    }
}
