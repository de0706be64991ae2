//! One peer on the control socket: frames in, frames out, and the descriptor that may travel with an answer.

use std::{
    io::{self, IoSlice, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use mmp_control::{
    Answer,
    frame::{self, FrameError, HEADER},
};
use nix::sys::socket::{ControlMessage, MsgFlags, getsockopt, sendmsg, sockopt::PeerCredentials};
use serde::de::DeserializeOwned;

/// Why a conversation ended early.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The socket.
    #[error("the connection broke")]
    Io(#[from] io::Error),
    /// The peer does not speak the protocol.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// A connected peer.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
}

impl Connection {
    /// Takes an accepted stream.
    pub fn new(stream: UnixStream) -> Self {
        Self { stream }
    }

    /// The user that the kernel says the peer runs as.
    pub fn peer_uid(&self) -> io::Result<u32> {
        Ok(getsockopt(&self.stream, PeerCredentials)?.uid())
    }

    /// The process that opened the conversation.
    pub fn peer_pid(&self) -> io::Result<i32> {
        Ok(getsockopt(&self.stream, PeerCredentials)?.pid())
    }

    /// A second handle, to end the conversation from elsewhere.
    pub fn handle(&self) -> io::Result<UnixStream> {
        self.stream.try_clone()
    }

    /// The next message, or `None` when the peer has gone.
    pub fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ConnectionError> {
        let mut header = [0; HEADER];
        match self.stream.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let mut body = zeroize::Zeroizing::new(vec![0; frame::body_length(header)?]);
        self.stream.read_exact(&mut body)?;
        Ok(Some(frame::decode(&body)?))
    }

    /// Sends an answer.
    pub fn send(&mut self, answer: &Answer) -> Result<(), ConnectionError> {
        self.stream.write_all(&frame::encode(answer)?)?;
        Ok(())
    }

    /// Sends an answer with a descriptor on its first byte.
    pub fn send_with(&mut self, answer: &Answer, descriptor: &OwnedFd) -> Result<(), ConnectionError> {
        let bytes = frame::encode(answer)?;
        let descriptors = [descriptor.as_raw_fd()];
        let control = [ControlMessage::ScmRights(&descriptors)];
        let slices = [IoSlice::new(&bytes)];
        let sent = sendmsg::<()>(self.stream.as_raw_fd(), &slices, &control, MsgFlags::MSG_NOSIGNAL, None)
            .map_err(io::Error::from)?;
        self.stream.write_all(&bytes[sent..])?;
        Ok(())
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
