//! Name and password with each request (RFC 7617), and the session that spares the hash when they come again.
//!
//! Invariants: no password is kept, only a keyed hash of it with name and address, under a key that this process made and
//! tells nobody; mmpd's own session behind it ends after a minute; of requests that come together with the same
//! credentials one asks and the others wait for its answer.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::{hmac, rand::SystemRandom};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use mmp_control::{Secret, reply::WebSession};
use zeroize::Zeroizing;

use crate::mmpd::{Fault, Mmpd};

/// Credentials kept at a time; each is some hundred bytes.
const MOST: usize = 512;
/// A session is taken for good this long without asking mmpd.
const FRESH: Duration = Duration::from_secs(1);
/// A session is no longer used this long before mmpd ends it.
const MARGIN: Duration = Duration::from_secs(2);

/// What a request brought.
pub struct Credentials {
    /// As typed.
    pub user: String,
    /// As typed.
    pub password: Secret,
}

/// Reads the header. The space behind the word may be missing: a control system that is in use sends it so.
pub fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    read(headers.get(header::AUTHORIZATION)?.as_bytes())
}

/// Reads the value of the header.
pub fn read(value: &[u8]) -> Option<Credentials> {
    let (word, rest) = value.split_at_checked(5)?;
    if !word.eq_ignore_ascii_case(b"basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(rest.trim_ascii()).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Credentials { user: user.to_owned(), password: Secret::new(password.to_owned()) })
}

/// A session and how far it is to be trusted.
#[derive(Clone)]
pub struct Known {
    /// For mmpd.
    pub token: Secret,
    /// Whose.
    pub session: WebSession,
    until: Instant,
    checked: Instant,
}

type Slot = Arc<tokio::sync::Mutex<Option<Known>>>;

/// Sessions of credentials that were right a moment ago.
pub struct Recent {
    key: hmac::Key,
    slots: Mutex<HashMap<[u8; 32], Slot>>,
}

impl Recent {
    /// With a key of its own.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn new() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?;
        Ok(Self { key, slots: Mutex::default() })
    }

    fn slot(&self, credentials: &Credentials, address: IpAddr) -> Slot {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(address.to_canonical().to_string().as_bytes());
        context.update(b"\0");
        context.update(&(credentials.user.len() as u64).to_be_bytes());
        context.update(credentials.user.as_bytes());
        context.update(credentials.password.reveal().as_bytes());
        let mut name = [0; 32];
        name.copy_from_slice(context.sign().as_ref());
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST {
            let now = Instant::now();
            slots.retain(|_, slot| {
                Arc::strong_count(slot) > 1
                    || slot.try_lock().is_ok_and(|known| known.as_ref().is_some_and(|known| known.until > now))
            });
            if slots.len() >= MOST {
                slots.clear();
            }
        }
        Arc::clone(slots.entry(name).or_default())
    }

    /// The session of these credentials: the one of a moment ago, or a new one.
    ///
    /// # Errors
    /// mmpd's refusal, or that it is not to be had.
    pub async fn session(
        &self,
        mmpd: &Mmpd,
        credentials: &Credentials,
        peer: std::net::SocketAddr,
    ) -> Result<Known, Fault> {
        let slot = self.slot(credentials, peer.ip());
        let mut known = slot.lock().await;
        let now = Instant::now();
        if let Some(found) = known.as_mut().filter(|found| found.until > now) {
            if now - found.checked < FRESH {
                return Ok(found.clone());
            }
            match mmpd.check(&found.token, peer).await {
                Ok(session) => {
                    found.session = session;
                    found.checked = now;
                    return Ok(found.clone());
                }
                Err(Fault::Refused(_)) => {}
                Err(away) => return Err(away),
            }
        }
        *known = None;
        let signed = mmpd.sign_in_program(credentials, peer).await?;
        let lasts = Duration::from_secs(signed.session.expires_in.min(signed.session.idle).min(60));
        let until = Instant::now() + lasts.saturating_sub(MARGIN);
        let found = Known { token: signed.token, session: signed.session, until, checked: Instant::now() };
        *known = Some(found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_are_read_with_and_without_the_space() {
        for value in ["Basic YWRtaW46YTpi", "BasicYWRtaW46YTpi", "basic  YWRtaW46YTpi "] {
            let found = read(value.as_bytes()).unwrap();
            assert_eq!((found.user.as_str(), found.password.reveal()), ("admin", "a:b"), "{value}");
        }
        for value in ["", "Basic", "Basic !", "Bearer YWRtaW46YTpi", "Basic YWRtaW4="] {
            assert!(read(value.as_bytes()).is_none(), "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
            let _ = read(&[b"Basic ", bytes.as_slice()].concat());
        }
    }
}
