//! The kernel's announcements of changed links, addresses and routes.
//!
//! Invariant: announcements only wake; what they say is read from the kernel's present state instead, so that a lost
//! one costs a moment and never a wrong belief.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
    time::Duration,
};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Multicast groups of links, addresses and routes (linux/rtnetlink.h: RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
/// RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE).
const GROUPS: [u32; 5] = [1, 5, 7, 9, 11];

/// A subscription.
#[derive(Debug)]
pub struct Events(Socket);

impl Events {
    /// Subscribes; everything that changes from now on ends a [`Events::wait`].
    pub fn subscribe() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind(&SocketAddr::new(0, 0))?;
        for group in GROUPS {
            socket.add_membership(group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self(socket))
    }

    /// Waits for a change, no longer than `longest`.
    pub fn wait(&self, longest: Duration) -> io::Result<()> {
        let timeout = PollTimeout::try_from(longest).unwrap_or(PollTimeout::MAX);
        let mut readable = [PollFd::new(self.descriptor(), PollFlags::POLLIN)];
        match poll(&mut readable, timeout) {
            Err(nix::errno::Errno::EINTR) => return Ok(()),
            other => other?,
        };
        let mut buffer = vec![0; 1 << 16];
        while self.0.recv(&mut &mut buffer[..], 0).is_ok() {}
        Ok(())
    }

    #[allow(unsafe_code)]
    fn descriptor(&self) -> BorrowedFd<'_> {
        // SAFETY: the socket owns the descriptor and outlives the borrow, which has its lifetime.
        unsafe { BorrowedFd::borrow_raw(self.0.as_raw_fd()) }
    }
}
