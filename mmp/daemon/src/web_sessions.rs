//! Sessions of Web Admin: who may act by which token, and how long.
//!
//! Invariants: of a token only its SHA-256 is kept, in memory, so a restarted mmpd knows none; a session ends with its
//! time, with the password, role or number that it was opened for, and at once when somebody ends it; an account has
//! [`MOST_OF_ONE`] at most, the longest unused one makes room. Nothing here is compared byte by byte with what a peer
//! sent: a token is looked up by its hash.

use std::{
    collections::HashMap,
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mmp_control::{Secret, reply::WebSession, request::Surface};
use mmp_model::{
    Role, Settings, Username,
    account::{Account, PasswordHash},
};
use sha2::{Digest, Sha256};

use crate::admission::peer;

/// Sessions of one account.
const MOST_OF_ONE: usize = 32;
/// Bytes of a token.
const TOKEN: usize = 32;

/// What a token is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of a token as its owner gives it.
    pub fn of(token: &Secret) -> Self {
        Self(Sha256::digest(token.reveal()).into())
    }
}

/// How long a session lasts: without a request, and in any case.
fn limits(surface: Surface) -> (Duration, Duration) {
    match surface {
        Surface::Pages => (Duration::from_secs(30 * 60), Duration::from_secs(12 * 3600)),
        Surface::Api => (Duration::from_secs(60), Duration::from_secs(60)),
    }
}

#[derive(Debug)]
struct Session {
    user: Username,
    surface: Surface,
    origin: String,
    /// The account as it was: another number, role or password is another login.
    number: u32,
    role: Role,
    password: PasswordHash,
    began: Instant,
    used: Instant,
}

impl Session {
    fn is_in_time(&self, now: Instant) -> bool {
        let (idle, whole) = limits(self.surface);
        now.saturating_duration_since(self.used) < idle && now.saturating_duration_since(self.began) < whole
    }

    fn is_of(&self, account: Option<&Account>) -> bool {
        account.is_some_and(|account| {
            self.number == account.uid && self.role == account.role && self.password == account.password
        })
    }

    fn shown(&self, now: Instant) -> WebSession {
        let (idle, whole) = limits(self.surface);
        WebSession {
            user: self.user.clone(),
            role: self.role,
            surface: self.surface,
            idle: idle.as_secs(),
            expires_in: whole.saturating_sub(now.saturating_duration_since(self.began)).as_secs(),
        }
    }

    /// What counts as one login: requests of the API from one address are.
    fn login(&self) -> String {
        login(self.surface, &self.origin)
    }
}

fn login(surface: Surface, origin: &str) -> String {
    match (surface, peer(origin)) {
        (Surface::Api, Some(address)) => format!("api {address}"),
        _ => origin.to_owned(),
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct WebSessions(Mutex<HashMap<TokenHash, Session>>);

impl WebSessions {
    /// Opens a session and gives its token.
    pub fn begin(
        &self,
        (user, account): (&Username, &Account),
        surface: Surface,
        origin: &str,
    ) -> Result<(Secret, WebSession), getrandom::Error> {
        self.begin_at((user, account), surface, origin, Instant::now())
    }

    fn begin_at(
        &self,
        (user, account): (&Username, &Account),
        surface: Surface,
        origin: &str,
        now: Instant,
    ) -> Result<(Secret, WebSession), getrandom::Error> {
        let mut random = zeroize::Zeroizing::new([0; TOKEN]);
        getrandom::fill(random.as_mut())?;
        let mut text = String::with_capacity(2 * TOKEN);
        random.iter().for_each(|byte| {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
        });
        let token = Secret::new(text);
        let session = Session {
            user: user.clone(),
            surface,
            origin: origin.to_owned(),
            number: account.uid,
            role: account.role,
            password: account.password.clone(),
            began: now,
            used: now,
        };
        let shown = session.shown(now);
        let mut open = self.lock();
        open.retain(|_, session| session.is_in_time(now));
        let own = open.iter().filter(|(_, session)| session.user == *user);
        let unused = own.clone().min_by_key(|(_, session)| session.used).map(|(hash, _)| *hash);
        if let Some(unused) = unused.filter(|_| own.count() >= MOST_OF_ONE) {
            open.remove(&unused);
        }
        open.insert(TokenHash::of(&token), session);
        Ok((token, shown))
    }

    /// The session of a token, which counts as used now.
    pub fn look(&self, hash: &TokenHash, settings: &Settings) -> Option<WebSession> {
        self.look_at(hash, settings, Instant::now())
    }

    fn look_at(&self, hash: &TokenHash, settings: &Settings, now: Instant) -> Option<WebSession> {
        let mut open = self.lock();
        let session = open.get_mut(hash)?;
        if !session.is_in_time(now) || !session.is_of(settings.accounts.accounts.get(&session.user)) {
            open.remove(hash);
            return None;
        }
        session.used = now;
        Some(session.shown(now))
    }

    /// Whether a session still holds.
    pub fn holds(&self, hash: &TokenHash, settings: &Settings) -> bool {
        self.look(hash, settings).is_some()
    }

    /// Goes on after its own new password.
    pub fn carry_on(&self, hash: &TokenHash, account: &Account) {
        if let Some(session) = self.lock().get_mut(hash) {
            session.password = account.password.clone();
        }
    }

    /// Ends one session; says whose it was.
    pub fn end(&self, hash: &TokenHash) -> Option<(Username, String)> {
        self.lock().remove(hash).map(|session| (session.user, session.origin))
    }

    /// Ends every session of the account but one.
    pub fn end_all(&self, user: &Username, spare: Option<TokenHash>) {
        self.lock().retain(|hash, session| session.user != *user || spare == Some(*hash));
    }

    /// Logins of the account, without the one that a further session of this kind from there would belong to.
    pub fn logins(&self, user: &Username, but: Option<(Surface, &str)>) -> usize {
        let now = Instant::now();
        let but = but.filter(|(surface, _)| *surface == Surface::Api).map(|(surface, origin)| login(surface, origin));
        let open = self.lock();
        let own = open.values().filter(|session| session.user == *user && session.is_in_time(now));
        let logins: std::collections::BTreeSet<String> = own.map(Session::login).collect();
        logins.iter().filter(|login| but.as_ref() != Some(login)).count()
    }

    /// `root from 192.0.2.1:1234` of every session of the pages.
    pub fn elsewhere(&self) -> Vec<String> {
        let now = Instant::now();
        let open = self.lock();
        let pages = open.values().filter(|session| session.surface == Surface::Pages && session.is_in_time(now));
        pages.map(|session| format!("{} from {} in Web Admin", session.user, session.origin)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mmp_model::account::Accounts;

    use super::*;

    fn settings() -> (Settings, Username) {
        (Settings::factory(Accounts::factory(PasswordHash::new("$y$x".into()))), Username::factory())
    }

    fn begin(sessions: &WebSessions, settings: &Settings, surface: Surface, origin: &str, now: Instant) -> TokenHash {
        let name = Username::factory();
        let account = &settings.accounts.accounts[&name];
        TokenHash::of(&sessions.begin_at((&name, account), surface, origin, now).unwrap().0)
    }

    #[test]
    fn a_session_ends_unused_and_in_any_case() {
        let ((settings, _), sessions, now) = (settings(), WebSessions::default(), Instant::now());
        let later = |seconds| now + Duration::from_secs(seconds);
        let hash = begin(&sessions, &settings, Surface::Pages, "192.0.2.1:1", now);
        for minutes in (20..720).step_by(20) {
            assert!(sessions.look_at(&hash, &settings, later(minutes * 60)).is_some(), "{minutes}");
        }
        assert!(sessions.look_at(&hash, &settings, later(720 * 60)).is_none());
        let hash = begin(&sessions, &settings, Surface::Pages, "192.0.2.1:1", now);
        assert!(sessions.look_at(&hash, &settings, later(30 * 60)).is_none());
        assert!(sessions.look_at(&hash, &settings, now).is_none(), "what has ended stays so");
        let hash = begin(&sessions, &settings, Surface::Api, "192.0.2.1:1", now);
        assert!(sessions.look_at(&hash, &settings, later(59)).is_some());
        assert!(sessions.look_at(&hash, &settings, later(60)).is_none());
    }

    #[test]
    fn another_password_role_or_number_and_no_account_end_it() {
        let ((settings, name), now) = (settings(), Instant::now());
        let changes: [fn(&mut Account); 3] = [
            |account| account.password = PasswordHash::new("$y$y".into()),
            |account| account.role = Role::Appadmin,
            |account| account.uid += 1,
        ];
        for change in changes {
            let sessions = WebSessions::default();
            let hash = begin(&sessions, &settings, Surface::Pages, "192.0.2.1:1", now);
            let mut next = settings.clone();
            change(next.accounts.accounts.get_mut(&name).unwrap());
            assert!(sessions.look(&hash, &settings).is_some() && sessions.look(&hash, &next).is_none());
        }
        let sessions = WebSessions::default();
        let hash = begin(&sessions, &settings, Surface::Pages, "192.0.2.1:1", now);
        let mut gone = settings.clone();
        gone.accounts.accounts.clear();
        assert!(sessions.look(&hash, &gone).is_none());
        // The session that changed the password goes on.
        let hash = begin(&sessions, &settings, Surface::Pages, "192.0.2.1:1", now);
        let mut next = settings.clone();
        next.accounts.accounts.get_mut(&name).unwrap().password = PasswordHash::new("$y$y".into());
        sessions.carry_on(&hash, &next.accounts.accounts[&name]);
        assert!(sessions.look(&hash, &next).is_some());
    }

    #[test]
    fn ended_is_ended_and_room_is_made_by_the_longest_unused() {
        let ((settings, name), sessions, now) = (settings(), WebSessions::default(), Instant::now());
        let begin = |seconds| {
            begin(
                &sessions,
                &settings,
                Surface::Pages,
                &format!("192.0.2.1:{seconds}"),
                now + Duration::from_secs(seconds),
            )
        };
        let all: Vec<TokenHash> = (0..=MOST_OF_ONE as u64).map(begin).collect();
        assert!(sessions.look(&all[0], &settings).is_none() && sessions.look(&all[1], &settings).is_some());
        assert_eq!(sessions.end(&all[1]).unwrap().0, name);
        assert!(sessions.look(&all[1], &settings).is_none() && sessions.end(&all[1]).is_none());
        sessions.end_all(&name, Some(all[2]));
        assert!(sessions.look(&all[2], &settings).is_some() && sessions.look(&all[3], &settings).is_none());
        assert!(sessions.look(&TokenHash::of(&Secret::new("guess".into())), &settings).is_none());
    }

    #[test]
    fn requests_of_the_api_from_one_address_are_one_login() {
        let ((settings, name), sessions, now) = (settings(), WebSessions::default(), Instant::now());
        let open = |surface, origin| begin(&sessions, &settings, surface, origin, now);
        open(Surface::Api, "192.0.2.1:1");
        open(Surface::Api, "192.0.2.1:2");
        open(Surface::Api, "192.0.2.2:1");
        open(Surface::Pages, "192.0.2.1:3");
        assert_eq!(sessions.logins(&name, None), 3);
        assert_eq!(sessions.logins(&name, Some((Surface::Api, "192.0.2.1:9"))), 2);
        assert_eq!(sessions.logins(&name, Some((Surface::Pages, "192.0.2.1:3"))), 3);
        assert_eq!(sessions.elsewhere(), ["admin from 192.0.2.1:3 in Web Admin"]);
    }
}
