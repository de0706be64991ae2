//! Who is logged in now.
//!
//! Invariant: a session is listed exactly as long as its conversation lasts; ending one from here closes its socket,
//! which its program takes as the end.

use std::{
    collections::BTreeSet,
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mmp_control::Program;
use mmp_model::Username;

use crate::admission::peer;

/// One session.
#[derive(Debug)]
struct Session {
    id: u64,
    user: Username,
    program: Program,
    origin: String,
    stream: UnixStream,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    sessions: Vec<Session>,
}

impl Open {
    /// Where the account is logged in from, once a connection; the console is not counted.
    fn logins(&self, user: &Username) -> BTreeSet<&str> {
        // Conversations of Web Admin come and go; its sessions are counted elsewhere.
        let mine = |session: &&Session| session.user == *user && session.program != Program::Webadmin;
        let sessions = self.sessions.iter().filter(mine);
        sessions.map(|session| session.origin.as_str()).filter(|origin| peer(origin).is_some()).collect()
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    open: Mutex<Open>,
}

/// Takes its session off the list when it is dropped.
#[derive(Debug)]
pub struct Seat<'a> {
    sessions: &'a Sessions,
    id: u64,
}

impl Sessions {
    /// Lists a session, unless it is one login from the network more than `most`.
    pub fn enter(
        &self,
        user: Username,
        program: Program,
        origin: String,
        stream: UnixStream,
        most: Option<u32>,
    ) -> Option<Seat<'_>> {
        let mut open = self.lock();
        let others = open.logins(&user);
        // More sessions of one connection are one login.
        if peer(&origin).is_some()
            && !others.contains(origin.as_str())
            && most.is_some_and(|most| others.len() >= most as usize)
        {
            return None;
        }
        let id = open.next;
        open.next += 1;
        open.sessions.push(Session { id, user, program, origin, stream });
        Some(Seat { sessions: self, id })
    }

    /// Logins of the account from the network.
    pub fn logins(&self, user: &Username) -> usize {
        self.lock().logins(user).len()
    }

    /// Whether the account has a session.
    pub fn has(&self, user: &Username) -> bool {
        self.lock().sessions.iter().any(|session| session.user == *user)
    }

    /// Shells open.
    pub fn shells(&self) -> usize {
        self.lock().sessions.iter().filter(|session| session.program == Program::Shell).count()
    }

    /// `root from 192.0.2.1:1234` of every shell that is open elsewhere.
    pub fn elsewhere(&self, user: &Username, origin: &str) -> Vec<String> {
        let open = self.lock();
        let here = |session: &Session| session.user == *user && session.origin == origin;
        let others = open.sessions.iter().filter(|s| s.program == Program::Shell && !here(s));
        others.map(|session| format!("{} from {}", session.user, session.origin)).collect()
    }

    /// Ends every session of the account but one.
    pub fn end(&self, user: &Username, spare: Option<u64>) {
        for session in self.lock().sessions.iter().filter(|s| s.user == *user && Some(s.id) != spare) {
            // A socket that is closed already is what was wanted.
            let _ = session.stream.shutdown(Shutdown::Both);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// The session's number.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.sessions.lock().sessions.retain(|session| session.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_connections_and_the_console_is_none() {
        let (sessions, user) = (Sessions::default(), Username::factory());
        let enter = |origin: &str| {
            let (stream, _) = UnixStream::pair().unwrap();
            sessions.enter(user.clone(), Program::Shell, origin.into(), stream, Some(2))
        };
        let console = enter("console ttyS0");
        let first = enter("192.0.2.1:1000").unwrap();
        let same = enter("192.0.2.1:1000").unwrap();
        let second = enter("192.0.2.1:1001").unwrap();
        assert!(console.is_some() && enter("192.0.2.1:1002").is_none() && enter("console tty1").is_some());
        assert_eq!(sessions.logins(&user), 2);
        drop((first, second));
        assert!(enter("192.0.2.1:1002").is_some());
        drop(same);
    }
}
