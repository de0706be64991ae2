//! Who is logged in now.
//!
//! Invariant: a session is listed exactly as long as its conversation lasts; ending one from here closes its socket,
//! which its program takes as the end.

use std::{
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mmp_control::Program;
use mmp_model::Username;

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
    /// Lists a session.
    pub fn enter(&self, user: Username, program: Program, origin: String, stream: UnixStream) -> Seat<'_> {
        let mut open = self.lock();
        let id = open.next;
        open.next += 1;
        open.sessions.push(Session { id, user, program, origin, stream });
        Seat { sessions: self, id }
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
