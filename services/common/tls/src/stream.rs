//! A connection, whichever library holds it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use openssl::ssl::SslVersion;
use rustls::ProtocolVersion;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::Version;

/// An accepted connection.
#[derive(Debug)]
pub struct Stream(Held);

#[derive(Debug)]
enum Held {
    Modern(Box<tokio_rustls::server::TlsStream<TcpStream>>),
    Legacy(tokio_openssl::SslStream<TcpStream>),
}

impl Stream {
    pub(crate) fn modern(stream: tokio_rustls::server::TlsStream<TcpStream>) -> Self {
        Self(Held::Modern(Box::new(stream)))
    }

    pub(crate) fn legacy(stream: tokio_openssl::SslStream<TcpStream>) -> Self {
        Self(Held::Legacy(stream))
    }

    /// What both sides agreed on.
    pub fn version(&self) -> Version {
        match &self.0 {
            Held::Modern(stream) => match stream.get_ref().1.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => Version::Tls13,
                _ => Version::Tls12,
            },
            Held::Legacy(stream) => match stream.ssl().version2() {
                Some(SslVersion::TLS1_3) => Version::Tls13,
                Some(SslVersion::TLS1_2) => Version::Tls12,
                Some(SslVersion::TLS1_1) => Version::Tls11,
                _ => Version::Tls10,
            },
        }
    }

    /// The protocol that was agreed on by ALPN.
    pub fn protocol(&self) -> Option<&[u8]> {
        match &self.0 {
            Held::Modern(stream) => stream.get_ref().1.alpn_protocol(),
            Held::Legacy(stream) => stream.ssl().selected_alpn_protocol(),
        }
    }

    /// The peer's certificate in DER, where one was asked for and came.
    pub fn peer_certificate(&self) -> Option<Vec<u8>> {
        match &self.0 {
            Held::Modern(stream) => stream.get_ref().1.peer_certificates()?.first().map(|der| der.to_vec()),
            Held::Legacy(stream) => stream.ssl().peer_certificate()?.to_der().ok(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Held::Modern(stream) => Pin::new(stream.as_mut()).poll_read(task, buffer),
            Held::Legacy(stream) => Pin::new(stream).poll_read(task, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Held::Modern(stream) => Pin::new(stream.as_mut()).poll_write(task, bytes),
            Held::Legacy(stream) => Pin::new(stream).poll_write(task, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Held::Modern(stream) => Pin::new(stream.as_mut()).poll_flush(task),
            Held::Legacy(stream) => Pin::new(stream).poll_flush(task),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Held::Modern(stream) => Pin::new(stream.as_mut()).poll_shutdown(task),
            Held::Legacy(stream) => Pin::new(stream).poll_shutdown(task),
        }
    }
}
