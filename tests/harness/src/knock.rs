//! Knocking at a TCP port, from an address of the caller's choice.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsRawFd as _,
    time::Duration,
};

use anyhow::{Result, bail};
use nix::{
    errno::Errno,
    sys::{
        socket::{
            AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket, sockopt::SendTimeout,
        },
        time::TimeVal,
    },
};

/// What a knock brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knock {
    /// A connection.
    Open,
    /// A refusal, which is an answer too.
    Refused,
    /// Nothing at all.
    Silent,
}

/// Knocks once and waits so long.
pub fn knock(from: Option<IpAddr>, to: SocketAddr, within: Duration) -> Result<Knock> {
    let family = if to.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, SendTimeout, &TimeVal::new(within.as_secs().try_into()?, within.subsec_micros().into()))?;
    if let Some(from) = from {
        bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::from((from, 0))))?;
    }
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(to)) {
        Ok(()) => Ok(Knock::Open),
        Err(Errno::ECONNREFUSED) => Ok(Knock::Refused),
        Err(Errno::EINPROGRESS | Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::EAGAIN) => Ok(Knock::Silent),
        Err(error) => bail!("cannot knock at {to}: {}", io::Error::from(error)),
    }
}
