//! Sockets that connections come in by.

use std::{io, net::SocketAddr};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket,
    sockopt::{BindToDevice, Ipv6V6Only, ReuseAddr},
};
use tokio::net::TcpListener;

use crate::folder::Place;

/// Connections that the kernel keeps until they are taken.
const WAITING: i32 = 1024;

/// Opens a place; `::` takes IPv4 too.
///
/// # Errors
/// When the port is taken, the interface is not there, or a right is missing.
pub fn open(place: &Place) -> io::Result<TcpListener> {
    let address = SocketAddr::new(place.address, place.port);
    let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family, SockType::Stream, flags, None)?;
    setsockopt(&socket, ReuseAddr, &true)?;
    if address.is_ipv6() {
        setsockopt(&socket, Ipv6V6Only, &false)?;
    }
    if let Some(interface) = &place.interface {
        // Before it is bound: afterwards it would take a right that the service does not have.
        setsockopt(&socket, BindToDevice, &interface.into())?;
    }
    bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(address))?;
    listen(&socket, Backlog::new(WAITING)?)?;
    TcpListener::from_std(socket.into())
}
