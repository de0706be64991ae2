//! How many packets the kernel could not hand over.
//!
//! The only unsafe code is getsockopt(2) with `PACKET_STATISTICS`, which fills one `struct tpacket_stats`.
#![allow(unsafe_code)]

use std::{
    mem,
    os::fd::{AsRawFd, BorrowedFd},
};

use nix::libc;

/// Packets missed since the last time this was asked.
pub fn missed(socket: BorrowedFd<'_>) -> u32 {
    let mut statistics = [0_u32; 2];
    let mut length = libc::socklen_t::try_from(mem::size_of_val(&statistics)).unwrap_or_default();
    // SAFETY: the kernel writes at most `length` bytes, which is the size of the two numbers of `struct tpacket_stats`.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            statistics.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result == 0 { statistics[1] } else { 0 }
}
