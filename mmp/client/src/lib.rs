//! The one way to mmpd's socket: connect, ask, wait for the answer.
//!
//! Invariants: decides nothing about what is allowed; one request at a time; a descriptor that mmpd passes is taken
//! exactly once and is close-on-exec.

use std::{
    io::{self, IoSliceMut, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
    path::Path,
};

use mmp_control::{
    Answer, Ask, Call, Hello, Program, Refusal, Reply, Request, Secret, Welcome,
    frame::{self, FrameError, HEADER},
    request::Web,
};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, ppoll},
    sys::{
        signal::{SigSet, Signal},
        socket::{ControlMessageOwned, MsgFlags, recvmsg},
    },
};

/// Why an answer did not come.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// mmpd does not answer at all.
    #[error("the appliance's management daemon does not answer")]
    Unreachable(#[source] io::Error),
    /// mmpd went away in the middle.
    #[error("the connection to the management daemon was lost")]
    Lost(#[source] io::Error),
    /// What came is not of this protocol.
    #[error("the management daemon sent something unreadable")]
    Protocol(#[from] FrameError),
    /// An answer that does not belong to the question.
    #[error("the management daemon gave an unexpected answer")]
    Unexpected,
    /// mmpd refuses, with reason and hint.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// An open conversation.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
}

impl Client {
    /// Opens a session for the account that the kernel says this process runs as.
    pub fn open(program: Program, origin: &str) -> Result<(Self, Welcome), ClientError> {
        Self::open_at(Path::new(mmp_control::SOCKET), program, origin)
    }

    /// As [`Self::open`], on another socket: for mmpd on a developer's machine.
    pub fn open_at(socket: &Path, program: Program, origin: &str) -> Result<(Self, Welcome), ClientError> {
        let mut client = Self::connect(socket, program, origin)?;
        match client.answer(&|| false)?.0 {
            Answer::Opened(welcome) => Ok((client, welcome)),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(ClientError::Unexpected),
        }
    }

    /// Opens a conversation for one of root's own programs, which act for no account.
    pub fn open_access(origin: &str) -> Result<Self, ClientError> {
        let mut client = Self::connect(Path::new(mmp_control::SOCKET), Program::Access, origin)?;
        match client.answer(&|| false)?.0 {
            Answer::Ready => Ok(client),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(ClientError::Unexpected),
        }
    }

    /// Opens a conversation for the `webadmin` service, which acts for whoever signs in.
    pub fn open_web(socket: &Path) -> Result<Self, ClientError> {
        let mut client = Self::connect(socket, Program::Webadmin, "webadmin")?;
        match client.answer(&|| false)?.0 {
            Answer::Ready => Ok(client),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(ClientError::Unexpected),
        }
    }

    /// Makes a conversation of [`Self::open_web`] one of the session that the token names.
    pub fn act(&mut self, token: &Secret, origin: &str) -> Result<Welcome, ClientError> {
        let request = Request::Web(Web::Act { token: token.clone(), origin: origin.to_owned() });
        self.send(&Ask::Call(Box::new(Call { line: String::new(), request })))?;
        match self.answer(&|| false)?.0 {
            Answer::Opened(welcome) => Ok(welcome),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(ClientError::Unexpected),
        }
    }

    fn connect(socket: &Path, program: Program, origin: &str) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(socket).map_err(ClientError::Unreachable)?;
        let mut client = Self { stream };
        client.send(&Hello { program, origin: origin.to_owned() })?;
        Ok(client)
    }

    /// A second handle on the conversation, with which another thread can end it.
    pub fn handle(&self) -> io::Result<UnixStream> {
        self.stream.try_clone()
    }

    /// Asks and waits. `line` is what was typed, for the log.
    pub fn call(&mut self, line: &str, request: Request) -> Result<Reply, ClientError> {
        Ok(self.call_with(line, request, &mut |_| {}, &|| false)?.0)
    }

    /// As [`Self::call`], for replies that a descriptor comes with.
    pub fn call_for_descriptor(&mut self, line: &str, request: Request) -> Result<(Reply, OwnedFd), ClientError> {
        let (reply, descriptor) = self.call_with(line, request, &mut |_| {}, &|| false)?;
        descriptor.map(|fd| (reply, fd)).ok_or(ClientError::Unexpected)
    }

    /// Asks, hands on output as it comes, and cancels when `interrupted` says so after SIGINT woke the wait; the second
    /// time it gives up, and the conversation with it. `interrupted` says each time only what is new. SIGINT is
    /// let through during the wait only if the caller blocks it otherwise; so none falls between check and wait.
    pub fn call_streaming(
        &mut self,
        line: &str,
        request: Request,
        on_text: &mut dyn FnMut(&str),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Reply, ClientError> {
        Ok(self.call_with(line, request, on_text, interrupted)?.0)
    }

    fn call_with(
        &mut self,
        line: &str,
        request: Request,
        on_text: &mut dyn FnMut(&str),
        interrupted: &dyn Fn() -> bool,
    ) -> Result<(Reply, Option<OwnedFd>), ClientError> {
        self.send(&Ask::Call(Box::new(Call { line: line.to_owned(), request })))?;
        loop {
            match self.answer(interrupted)? {
                (Answer::Text(text), _) => on_text(&text),
                (Answer::Done(reply), descriptor) => return Ok((reply, descriptor)),
                (Answer::Refused(refusal), _) => return Err(refusal.into()),
                (Answer::Opened(_) | Answer::Ready, _) => return Err(ClientError::Unexpected),
            }
        }
    }

    fn send(&mut self, message: &impl serde::Serialize) -> Result<(), ClientError> {
        self.stream.write_all(&frame::encode(message)?).map_err(ClientError::Lost)
    }

    fn answer(&mut self, interrupted: &dyn Fn() -> bool) -> Result<(Answer, Option<OwnedFd>), ClientError> {
        let mut header = [0; HEADER];
        let descriptor = self.header(&mut header, interrupted)?;
        let mut body = vec![0; frame::body_length(header)?];
        self.stream.read_exact(&mut body).map_err(ClientError::Lost)?;
        Ok((frame::decode(&body)?, descriptor))
    }

    /// Reads a header and the descriptor that may come with its first byte.
    fn header(
        &mut self,
        header: &mut [u8; HEADER],
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Option<OwnedFd>, ClientError> {
        let mut filled = 0;
        let mut descriptor = None;
        let mut cancelled = false;
        // Which signals are blocked does not change within one answer.
        let mut mask = SigSet::thread_get_mask().map_err(|error| ClientError::Lost(error.into()))?;
        mask.remove(Signal::SIGINT);
        while filled < HEADER {
            let mut readable = [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)];
            match ppoll(&mut readable, None, Some(mask)) {
                Ok(_) => {}
                Err(Errno::EINTR) => {
                    if interrupted() {
                        if cancelled {
                            return Err(ClientError::Lost(io::ErrorKind::Interrupted.into()));
                        }
                        cancelled = true;
                        self.send(&Ask::Cancel)?;
                    }
                    continue;
                }
                Err(error) => return Err(ClientError::Lost(error.into())),
            }
            let mut space = nix::cmsg_space!([RawFd; 1]);
            let mut buffers = [IoSliceMut::new(&mut header[filled..])];
            let flags = MsgFlags::MSG_CMSG_CLOEXEC;
            let received = recvmsg::<()>(self.stream.as_raw_fd(), &mut buffers, Some(&mut space), flags);
            match received {
                Ok(message) => {
                    for control in message.cmsgs().map_err(|e| ClientError::Lost(e.into()))? {
                        if let ControlMessageOwned::ScmRights(descriptors) = control {
                            descriptor = descriptors.into_iter().map(own).next_back();
                        }
                    }
                    if message.bytes == 0 {
                        return Err(ClientError::Lost(io::ErrorKind::UnexpectedEof.into()));
                    }
                    filled += message.bytes;
                }
                Err(Errno::EINTR) => {}
                Err(error) => return Err(ClientError::Lost(error.into())),
            }
        }
        Ok(descriptor)
    }
}

#[allow(unsafe_code)]
fn own(descriptor: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for this process by SCM_RIGHTS, and nobody else owns it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}
