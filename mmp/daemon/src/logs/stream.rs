//! `tail`, `search` and `follow`: lines to the peer as they are found, ended by its cancel or departure.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use jiff::tz::TimeZone;
use mmp_control::{
    Answer, Ask, Reply, Request,
    request::{Audit, Syslog},
};
use mmp_log::{Source, forward::Log};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::{
    appliance::Appliance,
    connection::{Connection, ConnectionError},
};

/// Lines that `follow` begins with, so that the screen is not empty.
const BEFORE: u64 = 10;
/// Bytes that are gathered into one answer.
const GATHERED: usize = 16 << 10;
/// Records between two looks at whether the peer has had enough.
const BETWEEN_LOOKS: usize = 500;
/// A log without a watch is looked at this often, in milliseconds.
const UNWATCHED: u16 = 1000;

/// Which lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    /// The newest.
    Tail(u64),
    /// Those with a text.
    Search(String),
    /// The newest, and what comes.
    Follow,
}

/// The log and the lines that a request asks for, if it is one for lines.
pub fn wanted(request: &Request) -> Option<(Log, Lines)> {
    Some(match request {
        Request::Syslog(Syslog::Tail(count)) => (Log::System, Lines::Tail((*count).into())),
        Request::Syslog(Syslog::Search(text)) => (Log::System, Lines::Search(text.clone())),
        Request::Syslog(Syslog::Follow) => (Log::System, Lines::Follow),
        Request::Audit(Audit::Tail(count)) => (Log::Audit, Lines::Tail((*count).into())),
        Request::Audit(Audit::Search(text)) => (Log::Audit, Lines::Search(text.clone())),
        Request::Audit(Audit::Follow) => (Log::Audit, Lines::Follow),
        _ => return None,
    })
}

/// Sends the lines; the answer that ends the request.
pub fn run(
    appliance: &Appliance,
    log: Log,
    lines: &Lines,
    connection: &mut Connection,
) -> Result<Answer, ConnectionError> {
    let mut source = match super::open(appliance, log) {
        Ok(source) => source,
        Err(error) => return Ok(Answer::Refused(super::unreadable(error))),
    };
    let mut sender = Sender { connection, zone: super::zone(appliance), gathered: String::new() };
    let sent = match lines {
        Lines::Tail(count) => {
            source.seek_last(*count).map_err(Into::into).and_then(|()| rest(&mut *source, &mut sender, ""))
        }
        Lines::Search(text) => rest(&mut *source, &mut sender, text),
        Lines::Follow => follow(&mut *source, &mut sender),
    };
    match sent {
        Ok(()) | Err(Ended::Cancelled) => Ok(Answer::Done(Reply::Nothing)),
        Err(Ended::Unreadable(error)) => Ok(Answer::Refused(super::unreadable(error))),
        Err(Ended::Lost(error)) => Err(error),
    }
}

/// Why there are no more lines.
enum Ended {
    /// The peer has had enough.
    Cancelled,
    /// The log.
    Unreadable(io::Error),
    /// The peer.
    Lost(ConnectionError),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<ConnectionError> for Ended {
    fn from(error: ConnectionError) -> Self {
        Self::Lost(error)
    }
}

/// Everything up to the end that holds the text.
fn rest(source: &mut dyn Source, sender: &mut Sender<'_>, text: &str) -> Result<(), Ended> {
    let mut until_look = BETWEEN_LOOKS;
    while let Some(record) = source.next()? {
        let line = record.line(&sender.zone);
        if line.contains(text) {
            sender.line(&line)?;
        }
        until_look -= 1;
        if until_look == 0 {
            sender.wait(None, Some(0))?;
            until_look = BETWEEN_LOOKS;
        }
    }
    sender.flush()
}

fn follow(source: &mut dyn Source, sender: &mut Sender<'_>) -> Result<(), Ended> {
    source.seek_last(BEFORE)?;
    loop {
        source.refresh()?;
        rest(source, sender, "")?;
        let watched = source.changes();
        let timeout = if watched.is_some() { None } else { Some(UNWATCHED) };
        sender.wait(watched, timeout)?;
    }
}

/// Lines on their way to the peer.
struct Sender<'a> {
    connection: &'a mut Connection,
    zone: TimeZone,
    gathered: String,
}

impl Sender<'_> {
    fn line(&mut self, line: &str) -> Result<(), Ended> {
        self.gathered.push_str(line);
        self.gathered.push('\n');
        if self.gathered.len() < GATHERED { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Ended> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        Ok(self.connection.send(&Answer::Text(std::mem::take(&mut self.gathered)))?)
    }

    /// Waits for `other` or the timeout in milliseconds; whatever the peer says meanwhile ends the request.
    fn wait(&mut self, other: Option<BorrowedFd<'_>>, timeout: Option<u16>) -> Result<(), Ended> {
        let peer = PollFd::new(self.connection.as_fd(), PollFlags::POLLIN);
        let mut waits = vec![peer];
        waits.extend(other.map(|fd| PollFd::new(fd, PollFlags::POLLIN)));
        poll(&mut waits, timeout.map_or(PollTimeout::NONE, PollTimeout::from)).map_err(io::Error::from)?;
        if waits[0].any().unwrap_or(false) {
            let _ = self.connection.receive::<Ask>()?;
            return Err(Ended::Cancelled);
        }
        Ok(())
    }
}
