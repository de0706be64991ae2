//! A socket that sees the packets of one interface (packet(7)).
//!
//! The only unsafe code is bind(2) with a `sockaddr_ll`, which nix does not make.
#![allow(unsafe_code)]

use std::{
    io, mem,
    os::fd::{AsRawFd, OwnedFd},
};

use mmp_model::Letter;
use nix::{
    libc,
    net::if_::if_nametoindex,
    sys::socket::{AddressFamily, SockFlag, SockType, setsockopt, socket, sockopt},
};

/// Bytes of packets that may wait to be read.
const BUFFER: usize = 8 << 20;

/// Opens one that has seen nothing of any other interface.
pub fn open(letter: Letter) -> io::Result<OwnedFd> {
    // Without a protocol it sees no packet until it is bound.
    let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
    let index = if_nametoindex(letter.device().as_str())?;
    // SAFETY: an all-zero `sockaddr_ll` is a valid value of that plain C structure.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    address.sll_family = libc::AF_PACKET as libc::sa_family_t;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = i32::try_from(index).map_err(io::Error::other)?;
    let length = libc::socklen_t::try_from(mem::size_of_val(&address)).map_err(io::Error::other)?;
    // SAFETY: the kernel reads `length` bytes behind the pointer, the size of the structure, which outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    if result == 0 { Ok(socket) } else { Err(io::Error::last_os_error()) }
}
