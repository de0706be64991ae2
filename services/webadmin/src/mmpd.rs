//! Questions to mmpd from a program that must not wait: each conversation has a thread for its time.
//!
//! Invariants: sign-ins, requests and long conversations (files, logs) have places of their own, so that none of them
//! keeps the others out, and no source has more than a part of the places of sign-ins; a conversation whose asker has gone
//! is ended.

use std::{
    collections::HashMap,
    net::{IpAddr, Shutdown, SocketAddr},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mmp_client::{Client, ClientError};
use mmp_control::{
    Kind, Refusal, Reply, Request, Secret, Welcome,
    reply::{SignedIn, WebSession},
    request::{Surface, Web},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{basic::Credentials, places::source};

/// Sign-ins at a time; each takes mmpd's time for a hash.
const SIGN_INS: usize = 8;
/// Of one source.
const SIGN_INS_OF_ONE: usize = 2;
/// Requests at a time.
const REQUESTS: usize = 20;
/// Files and logs at a time.
const LONG: usize = 12;
/// Longest wait for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// mmpd refuses.
    #[error(transparent)]
    Refused(Refusal),
    /// mmpd does not answer; nothing was done.
    #[error("the management daemon does not answer; nothing was done")]
    Away,
    /// mmpd went away in the middle.
    #[error("the management daemon went away; whether the request was carried out is not known")]
    Lost,
    /// No place became free.
    #[error("too many requests at a time; nothing was done")]
    Busy,
}

impl From<ClientError> for Fault {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(refusal) => Self::Refused(refusal),
            ClientError::Unreachable(_) => Self::Away,
            ClientError::Lost(_) | ClientError::Protocol(_) | ClientError::Unexpected => Self::Lost,
        }
    }
}

/// The way to mmpd.
#[derive(Clone, Debug)]
pub struct Mmpd(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    socket: Mutex<PathBuf>,
    sign_ins: Arc<Semaphore>,
    by_source: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
    requests: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

/// How long a conversation lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Question and answer.
    Request,
    /// A file's way, a log that is followed.
    Long,
}

/// Ends a conversation when it is dropped: who asked has gone.
#[derive(Debug)]
pub struct Leash(Arc<Mutex<Option<UnixStream>>>);

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(stream) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The other end of a [`Leash`].
#[derive(Debug)]
pub struct Collar(Arc<Mutex<Option<UnixStream>>>);

/// A leash and its collar.
pub fn leash() -> (Leash, Collar) {
    let shared = Arc::new(Mutex::new(None));
    (Leash(Arc::clone(&shared)), Collar(shared))
}

impl Mmpd {
    /// mmpd behind this socket.
    pub fn at(socket: PathBuf) -> Self {
        Self(Arc::new(Inner {
            socket: Mutex::new(socket),
            sign_ins: Arc::new(Semaphore::new(SIGN_INS)),
            by_source: Mutex::default(),
            requests: Arc::new(Semaphore::new(REQUESTS)),
            long: Arc::new(Semaphore::new(LONG)),
        }))
    }

    /// From now on behind this one.
    pub fn moved(&self, socket: PathBuf) {
        *self.0.socket.lock().unwrap_or_else(PoisonError::into_inner) = socket;
    }

    fn socket(&self) -> PathBuf {
        self.0.socket.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks whether a session holds.
    ///
    /// # Errors
    /// mmpd's refusal, or that it is not to be had.
    pub async fn check(&self, token: &Secret, peer: SocketAddr) -> Result<WebSession, Fault> {
        let ask = Web::Check { token: token.clone(), origin: origin(peer) };
        match self.web(place(&self.0.requests).await?, ask).await? {
            Reply::WebSession(session) => Ok(session),
            _ => Err(Fault::Lost),
        }
    }

    /// Opens a session for the pages.
    ///
    /// # Errors
    /// mmpd's refusal, or that it is not to be had.
    pub async fn sign_in(
        &self,
        credentials: &Credentials,
        new_password: Option<Secret>,
        peer: SocketAddr,
    ) -> Result<SignedIn, Fault> {
        self.open(credentials, new_password, Surface::Pages, peer).await
    }

    /// Opens a session for a program.
    ///
    /// # Errors
    /// mmpd's refusal, or that it is not to be had.
    pub async fn sign_in_program(&self, credentials: &Credentials, peer: SocketAddr) -> Result<SignedIn, Fault> {
        self.open(credentials, None, Surface::Api, peer).await
    }

    async fn open(
        &self,
        credentials: &Credentials,
        new_password: Option<Secret>,
        surface: Surface,
        peer: SocketAddr,
    ) -> Result<SignedIn, Fault> {
        let own = {
            let mut sources = self.0.by_source.lock().unwrap_or_else(PoisonError::into_inner);
            sources.retain(|_, places| Arc::strong_count(places) > 1);
            let places = sources.entry(source(peer.ip())).or_insert_with(|| Arc::new(Semaphore::new(SIGN_INS_OF_ONE)));
            Arc::clone(places)
        };
        let own = place(&own).await?;
        let shared = place(&self.0.sign_ins).await?;
        let ask = Web::SignIn {
            user: credentials.user.clone(),
            password: credentials.password.clone(),
            new_password,
            surface,
            origin: origin(peer),
        };
        let answer = self.web(shared, ask).await;
        drop(own);
        match answer? {
            Reply::SignedIn(signed) => Ok(signed),
            _ => Err(Fault::Lost),
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// That mmpd is not to be had.
    pub async fn sign_out(&self, token: &Secret) -> Result<(), Fault> {
        self.web(place(&self.0.requests).await?, Web::SignOut { token: token.clone() }).await.map(drop)
    }

    /// A place among the long conversations, for what goes on after its conversation has ended.
    ///
    /// # Errors
    /// That none became free.
    pub async fn long(&self) -> Result<OwnedSemaphorePermit, Fault> {
        place(&self.0.long).await
    }

    async fn web(&self, place: OwnedSemaphorePermit, ask: Web) -> Result<Reply, Fault> {
        let socket = self.socket();
        thread(move || {
            let _place = place;
            Ok(Client::open_web(&socket)?.call("", Request::Web(ask))?)
        })
        .await
    }

    /// Holds a conversation of a session. It is ended when the leash, if there is one, is dropped.
    ///
    /// # Errors
    /// What `talk` says, mmpd's refusal, or that it is not to be had.
    pub async fn act<T: Send + 'static>(
        &self,
        lane: Lane,
        token: Secret,
        peer: SocketAddr,
        collar: Option<Collar>,
        talk: impl FnOnce(&mut Client, Welcome) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = place(if lane == Lane::Long { &self.0.long } else { &self.0.requests }).await?;
        let socket = self.socket();
        thread(move || {
            let _place = place;
            let mut client = Client::open_web(&socket)?;
            let welcome = client.act(&token, &origin(peer))?;
            if let Some(collar) = collar {
                let handle = client.handle().map_err(ClientError::Lost)?;
                *collar.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
                // The leash may have been dropped before there was anything to end.
                if Arc::strong_count(&collar.0) == 1 {
                    return Err(Fault::Lost);
                }
            }
            Ok(talk(&mut client, welcome)?)
        })
        .await
    }
}

/// Where a request comes from, as logs have it.
fn origin(peer: SocketAddr) -> String {
    SocketAddr::new(peer.ip().to_canonical(), peer.port()).to_string()
}

async fn place(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Fault> {
    let waiting = tokio::time::timeout(PATIENCE, Arc::clone(places).acquire_owned());
    waiting.await.map_err(|_| Fault::Busy)?.map_err(|_| Fault::Busy)
}

async fn thread<T: Send + 'static>(talk: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(talk).await.unwrap_or_else(|_| {
        Err(Fault::Refused(Refusal::new(
            Kind::Internal,
            "The request broke off; whether it was carried out is not known",
        )))
    })
}
