//! One connection to a server, over TCP or TLS: bytes in order, and how many of them the server's kernel has.
//!
//! Invariants: after the connection stands nothing here waits; when this process dies, the kernel throws away what the
//! server has not acknowledged, so that the next start sends it and nobody gets it twice.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
    time::Duration,
};

use mmp_model::syslog::{Server, Transport};
use nix::sys::socket::{
    setsockopt,
    sockopt::{KeepAlive, Linger, TcpKeepCount, TcpKeepIdle, TcpKeepInterval},
};
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};

use crate::{flight::End, kernel, tls};

/// Why a server is not reached, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreached(String);

/// An open connection.
#[derive(Debug)]
pub struct Channel {
    stream: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// Bytes that the kernel has not taken yet.
    pending: Vec<u8>,
    /// Bytes that it has taken since the connection stood.
    written: u64,
}

impl Channel {
    /// Looks the name up and connects; tries every address of the name.
    pub fn open(server: &Server, tls: Option<&Arc<ClientConfig>>, within: Duration) -> Result<Self, Unreached> {
        let stream = connect(server, within)?;
        let failed = |error: io::Error| Unreached(plain(&error));
        let mut channel = Self { stream, tls: None, pending: Vec::new(), written: 0 };
        if server.transport == Transport::Tls {
            let config = tls.ok_or_else(|| Unreached("there is no trust bundle to check the server against".into()))?;
            channel.shake_hands(server, config, within)?;
        }
        let prepare = || -> io::Result<()> {
            channel.stream.set_nonblocking(true)?;
            channel.stream.set_nodelay(true)?;
            // What is not acknowledged must not go out after the end of this process: the next one sends it.
            setsockopt(&channel.stream, Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 })?;
            // An idle server that is gone is noticed within two minutes.
            setsockopt(&channel.stream, KeepAlive, &true)?;
            setsockopt(&channel.stream, TcpKeepIdle, &60)?;
            setsockopt(&channel.stream, TcpKeepInterval, &10)?;
            setsockopt(&channel.stream, TcpKeepCount, &6)?;
            Ok(())
        };
        prepare().map_err(failed)?;
        Ok(channel)
    }

    fn shake_hands(&mut self, server: &Server, config: &Arc<ClientConfig>, within: Duration) -> Result<(), Unreached> {
        let host = server.host.to_string();
        let name = ServerName::try_from(host).map_err(|_| Unreached("no certificate can be for this name".into()))?;
        let refused = |error: &rustls::Error| Unreached(tls::reason(error));
        let mut connection = ClientConnection::new(Arc::clone(config), name).map_err(|error| refused(&error))?;
        let limited = self.stream.set_read_timeout(Some(within)).and(self.stream.set_write_timeout(Some(within)));
        limited.map_err(|error| Unreached(plain(&error)))?;
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut self.stream) {
                let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                return Err(cause.map_or_else(|| Unreached(format!("TLS failed: {}", plain(&error))), refused));
            }
        }
        self.tls = Some(Box::new(connection));
        Ok(())
    }

    /// Takes a framed message; the byte of the connection at which it ends.
    pub fn queue(&mut self, frame: &[u8]) -> io::Result<u64> {
        match &mut self.tls {
            None => self.pending.extend_from_slice(frame),
            Some(connection) => {
                connection.writer().write_all(frame)?;
                seal(connection, &mut self.pending)?;
            }
        }
        Ok(self.written + self.pending.len() as u64)
    }

    /// Bytes that wait for the kernel.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Bytes that the kernel has taken and the server's kernel has not.
    pub fn in_flight(&self, acknowledged: u64) -> u64 {
        self.written.saturating_sub(acknowledged)
    }

    /// Hands over what the kernel takes now.
    pub fn write(&mut self) -> Result<(), (End, io::Error)> {
        while !self.pending.is_empty() {
            match self.stream.write(&self.pending) {
                Ok(0) => return Err((End::Quiet, io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.pending.drain(..count);
                    self.written += count as u64;
                }
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err((ending(&error), error)),
            }
        }
        Ok(())
    }

    /// Takes what the server says, which means nothing, and sees whether it has gone.
    pub fn read(&mut self) -> Result<(), (End, io::Error)> {
        let mut scratch = [0; 4096];
        loop {
            let count = match &mut self.tls {
                None => self.stream.read(&mut scratch),
                Some(connection) => connection.read_tls(&mut self.stream),
            };
            match count {
                Ok(0) => return Err((End::Quiet, io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err((ending(&error), error)),
            }
            if let Some(connection) = &mut self.tls {
                let state = connection.process_new_packets();
                let state = state.map_err(|error| (End::Quiet, io::Error::other(tls::reason(&error))))?;
                if state.peer_has_closed() {
                    return Err((End::Quiet, io::ErrorKind::UnexpectedEof.into()));
                }
                // Nobody sends plain text here; it is read so that the library has room.
                while connection.reader().read(&mut scratch).is_ok_and(|count| count > 0) {}
                seal(connection, &mut self.pending).map_err(|error| (End::Quiet, error))?;
            }
        }
    }

    /// Bytes of the connection that the server's kernel has, and how it does.
    pub fn progress(&self) -> io::Result<(u64, kernel::Peer)> {
        let peer = kernel::peer(&self.stream)?;
        Ok((self.written.saturating_sub(kernel::unacknowledged(&self.stream)?), peer))
    }

    /// An orderly end, when everything has been acknowledged.
    pub fn close(mut self) {
        if let Some(connection) = &mut self.tls {
            connection.send_close_notify();
            let _ = connection.write_tls(&mut self.stream);
        }
        let _ = setsockopt(&self.stream, Linger, &nix::libc::linger { l_onoff: 0, l_linger: 0 });
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn seal(connection: &mut ClientConnection, pending: &mut Vec<u8>) -> io::Result<()> {
    while connection.wants_write() {
        connection.write_tls(pending)?;
    }
    Ok(())
}

fn connect(server: &Server, within: Duration) -> Result<TcpStream, Unreached> {
    let mut last = Unreached(format!("{} has no address", server.host));
    for address in addresses(server)? {
        match TcpStream::connect_timeout(&address, within) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Unreached(plain(&error)),
        }
    }
    Err(last)
}

/// The addresses that the server has now.
pub fn addresses(server: &Server) -> Result<Vec<SocketAddr>, Unreached> {
    let found = (server.host.to_string(), server.port.number()).to_socket_addrs();
    found.map(Iterator::collect).map_err(|_| Unreached(format!("{} cannot be resolved", server.host)))
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn ending(error: &io::Error) -> End {
    // A reset after an orderly end is told as a broken pipe, and then everything acknowledged was read.
    if error.kind() == io::ErrorKind::ConnectionReset { End::Reset } else { End::Quiet }
}

/// The error without its number.
pub fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the server closed the connection".into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "the server does not answer".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}
