//! The session with mmpd, which survives a restart of mmpd.
//!
//! Invariant: a request is sent a second time only if the first one cannot have reached mmpd, or if asking twice does
//! no harm. The line that goes with a request is the one fit for logs.

use std::{
    io::{self, ErrorKind, IsTerminal as _},
    path::PathBuf,
    time::{Duration, Instant},
};

use mmp_client::{Client, ClientError};
use mmp_control::{Program, Reply, Request, Welcome, reply::LiveValue, request::Live};

use crate::{interrupt, output};

/// A killed mmpd is back within a second, a hung one is ended after ten.
const BACK: Duration = Duration::from_secs(15);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(100);

/// An open session.
pub struct Session {
    /// Absent after a conversation was given up in the middle.
    client: Option<Client>,
    origin: String,
    /// What mmpd said when the session was opened.
    pub welcome: Welcome,
}

/// Where mmpd listens. Another place only in builds for development.
fn socket() -> PathBuf {
    let other = if cfg!(debug_assertions) { std::env::var_os("MMP_SOCKET") } else { None };
    other.map_or_else(|| mmp_control::SOCKET.into(), PathBuf::from)
}

impl Session {
    /// Opens a session for the account that this process runs as.
    pub fn open(origin: String) -> Result<Self, ClientError> {
        let (client, welcome) = Client::open_at(&socket(), Program::Shell, &origin)?;
        Ok(Self { client: Some(client), origin, welcome })
    }

    /// Opens the session once more: after a new password, or after mmpd was away.
    pub fn reopen(&mut self) -> Result<(), ClientError> {
        *self = Self::open(self.origin.clone())?;
        Ok(())
    }

    /// Opens the session once more when mmpd is there again, or not at all; Ctrl-C ends the waiting.
    fn await_back(&mut self) -> Result<(), ClientError> {
        let deadline = Instant::now() + BACK;
        loop {
            match self.reopen() {
                Err(ClientError::Unreachable(_) | ClientError::Lost(_))
                    if Instant::now() < deadline && !interrupt::pause(AGAIN) => {}
                other => return other,
            }
        }
    }

    /// Values that exist now, for completion; none when mmpd does not answer, which the next command will say.
    pub fn live(&mut self, kind: Live) -> Vec<LiveValue> {
        match self.client.as_mut().map(|client| client.call("", Request::Live(kind))) {
            Some(Ok(Reply::Values(values))) => values,
            _ => Vec::new(),
        }
    }

    /// What others changed since this was asked last; nothing when mmpd does not answer, which the next command will say.
    pub fn news(&mut self) -> Vec<String> {
        interrupt::arm();
        let Some(client) = &mut self.client else { return Vec::new() };
        match client.call_streaming("", Request::News, &mut |_| {}, &interrupt::interrupted) {
            Ok(Reply::News(lines)) => lines,
            Err(ClientError::Lost(_)) => {
                self.client = None;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Asks. `repeatable` says that asking twice does no harm.
    pub fn call(&mut self, line: &str, request: Request, repeatable: bool) -> Result<Reply, ClientError> {
        self.call_streaming(line, request, repeatable, &mut |_| {})
    }

    /// Asks, and hands output on as it comes; Ctrl-C ends it early.
    pub fn call_streaming(
        &mut self,
        line: &str,
        request: Request,
        repeatable: bool,
        on_text: &mut dyn FnMut(&str),
    ) -> Result<Reply, ClientError> {
        interrupt::arm();
        if self.client.is_none() {
            self.reopen()?;
        }
        match self.once(line, request.clone(), on_text) {
            Err(ClientError::Lost(error)) => {
                self.client = None;
                if error.kind() == ErrorKind::Interrupted {
                    return Err(ClientError::Lost(error));
                }
                output::error("The management daemon does not answer; trying again");
                let back = self.await_back();
                // A broken pipe says that nobody was there to read the request.
                if repeatable || error.kind() == ErrorKind::BrokenPipe {
                    back?;
                    self.once(line, request, on_text)
                } else {
                    // Whether or not it is back, it may have carried the request out.
                    Err(ClientError::Lost(error))
                }
            }
            other => other,
        }
    }

    fn once(&mut self, line: &str, request: Request, on_text: &mut dyn FnMut(&str)) -> Result<Reply, ClientError> {
        match &mut self.client {
            Some(client) => client.call_streaming(line, request, on_text, &|| {
                let pressed = interrupt::interrupted();
                if pressed && io::stdin().is_terminal() {
                    // The terminal shows the key where the output was; what follows, the prompt too, has a line of its own.
                    output::write("\n");
                }
                pressed
            }),
            None => Err(ClientError::Unreachable(ErrorKind::NotConnected.into())),
        }
    }
}
