//! Making systemd-networkd read its files, and waiting until the kernel shows the result.
//!
//! Invariant: the watch on the kernel's addresses and routes starts before networkd is told, so that no event is missed.

use std::{
    fs, io,
    os::fd::{AsRawFd, BorrowedFd},
    path::Path,
    time::{Duration, Instant},
};

use mmp_control::reply::Route;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{observe, plan::Expected};

/// Longest wait for the kernel to show a change.
const DEADLINE: Duration = Duration::from_secs(20);
/// networkd's processes, as the kernel lists them.
const PROCESSES: &str = "/sys/fs/cgroup/system.slice/systemd-networkd.service/cgroup.procs";
/// Kernel multicast groups of IPv4 addresses and routes (linux/rtnetlink.h: RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE).
const GROUPS: [u32; 2] = [5, 7];

/// Why the network does not follow the settings.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The kernel does not talk.
    #[error("the kernel's network events cannot be read")]
    Events(#[from] io::Error),
    /// networkd does not take it.
    #[error("interface {0} did not take its new address and route in time")]
    NotTaken(mmp_model::Letter),
}

/// Tells networkd and waits. Before networkd runs (at boot) there is nobody to tell and nothing to wait for.
pub fn reload(expected: &[Expected]) -> Result<(), NetworkError> {
    let Some(networkd) = networkd() else { return Ok(()) };
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind(&SocketAddr::new(0, 0))?;
    for group in GROUPS {
        socket.add_membership(group)?;
    }
    socket.set_non_blocking(true)?;
    kill(networkd, Signal::SIGHUP).map_err(io::Error::from)?;
    let end = Instant::now() + DEADLINE;
    while let Some(late) = expected.iter().find(|expected| !is_shown(expected)) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NetworkError::NotTaken(late.letter));
        }
        wait(&socket, left)?;
    }
    Ok(())
}

fn is_shown(expected: &Expected) -> bool {
    let shown = observe::links::ipv4_addresses(expected.letter);
    let addressed = match &expected.address {
        Some(address) => shown == [address.as_str()],
        None => shown.is_empty(),
    };
    let routed = |gateway| {
        let is_default = |route: &Route| route.prefixlen == 0 && route.gateway == gateway;
        observe::routes::ipv4(expected.letter).iter().any(is_default)
    };
    addressed && expected.gateway.is_none_or(routed)
}

fn wait(socket: &Socket, left: Duration) -> io::Result<()> {
    // An interface that is gone or a lost event must not make this wait for the whole deadline.
    let slice = left.min(Duration::from_millis(500));
    let timeout = PollTimeout::try_from(slice).unwrap_or(PollTimeout::MAX);
    let mut readable = [PollFd::new(descriptor(socket), PollFlags::POLLIN)];
    poll(&mut readable, timeout)?;
    let mut buffer = vec![0; 1 << 16];
    // What the events say is read from the kernel's present state instead; they only wake.
    while socket.recv(&mut &mut buffer[..], 0).is_ok() {}
    Ok(())
}

#[allow(unsafe_code)]
fn descriptor(socket: &Socket) -> BorrowedFd<'_> {
    // SAFETY: the socket owns the descriptor and outlives the borrow, which has its lifetime.
    unsafe { BorrowedFd::borrow_raw(socket.as_raw_fd()) }
}

fn networkd() -> Option<Pid> {
    let listed = fs::read_to_string(Path::new(PROCESSES)).ok()?;
    listed.lines().next()?.parse().ok().map(Pid::from_raw)
}
