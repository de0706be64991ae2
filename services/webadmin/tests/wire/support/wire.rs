//! A TLS connection on which a test writes the very bytes of its requests, and reads those of the answers.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    os::fd::AsRawFd,
    path::Path,
    sync::Arc,
    time::Duration,
};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt::ReuseAddr,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

use super::LATEST;

/// The connection.
pub struct Wire {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read and belongs to the next answer.
    ahead: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, without the empty line.
    pub head: String,
    /// Without the marks of its pieces.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// A TCP connection from one of this machine's addresses.
pub fn connected(port: u16, source: IpAddr) -> io::Result<TcpStream> {
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, ReuseAddr, &true)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0)))?;
    connect(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::from(([127, 0, 0, 1], port))))?;
    Ok(TcpStream::from(socket))
}

/// A client that trusts this certificate and offers these protocols.
pub fn trusting(chain: &Path, protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(chain).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let mut client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    client.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    client
}

impl Wire {
    /// Shakes hands at this port.
    ///
    /// # Errors
    /// When there is nobody, or no agreement.
    pub fn open(port: u16, source: IpAddr, chain: &Path) -> io::Result<Self> {
        Self::with(Arc::new(trusting(chain, &[b"http/1.1"])), port, source)
    }

    /// As [`Self::open`], with a client that is used again.
    ///
    /// # Errors
    /// When there is nobody, or no agreement.
    pub fn with(client: Arc<ClientConfig>, port: u16, source: IpAddr) -> io::Result<Self> {
        let tcp = connected(port, source)?;
        tcp.set_read_timeout(Some(LATEST))?;
        tcp.set_write_timeout(Some(LATEST))?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(client, name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { stream, ahead: Vec::new() })
    }

    /// Waits no longer than this for each piece.
    pub fn wait(&self, longest: Duration) {
        self.stream.sock.set_read_timeout(Some(longest)).unwrap();
    }

    /// Sends bytes as they are. A peer that has closed the connection meanwhile is no fault here: its answer is read.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// As [`Self::write`], and whether the peer still takes them.
    ///
    /// # Errors
    /// When it does not.
    pub fn press(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// The next answer; there must be one.
    pub fn answer(&mut self) -> Answer {
        self.next(false).unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// The next answer, which is to HEAD and has no body whatever its length says.
    pub fn answer_to_head(&mut self) -> Answer {
        self.next(true).unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    /// The next answer, if one comes.
    ///
    /// # Errors
    /// When the connection ends before, or nothing comes.
    pub fn next(&mut self, to_head: bool) -> io::Result<Answer> {
        let head = loop {
            if let Some(end) = self.ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.ahead[..end]).into_owned();
                self.ahead.drain(..end + 4);
                break head;
            }
            self.more()?;
        };
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let mut answer = Answer { status, head, body: Vec::new() };
        if to_head || status < 200 || status == 204 || status == 304 {
            return Ok(answer);
        }
        if answer.header("transfer-encoding").is_some() {
            loop {
                let line = self.line()?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
                let piece = self.exactly(size + 2)?;
                answer.body.extend_from_slice(&piece[..size]);
                if size == 0 {
                    return Ok(answer);
                }
            }
        }
        let length = answer.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        answer.body = self.exactly(length)?;
        Ok(answer)
    }

    /// Everything until the peer closes the connection.
    pub fn rest(&mut self) -> Vec<u8> {
        while self.more().is_ok() {}
        std::mem::take(&mut self.ahead)
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.windows(2).position(|two| two == b"\r\n") {
                let line = String::from_utf8_lossy(&self.ahead[..end]).into_owned();
                self.ahead.drain(..end + 2);
                return Ok(line);
            }
            self.more()?;
        }
    }

    fn exactly(&mut self, size: usize) -> io::Result<Vec<u8>> {
        while self.ahead.len() < size {
            self.more()?;
        }
        Ok(self.ahead.drain(..size).collect())
    }

    fn more(&mut self) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        match self.stream.read(&mut bytes)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.ahead.extend_from_slice(&bytes[..read]);
                Ok(())
            }
        }
    }
}
