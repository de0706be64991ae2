//! What the kernel knows of a TCP connection: bytes that the other side has not acknowledged, and how it does.
//!
//! The one module with unsafe code: two calls that the standard library does not have.
#![allow(unsafe_code)]

use std::{
    io, mem,
    net::TcpStream,
    os::fd::{AsRawFd, RawFd},
};

use nix::libc;

mod call {
    #![allow(missing_docs)] // what the macro makes

    nix::ioctl_read_bad!(unacknowledged_bytes, nix::libc::TIOCOUTQ, nix::libc::c_int);
}

/// Offsets in `struct tcp_info` (linux/tcp.h), which only ever grows at its end.
const STATE: usize = 0;
const SEND_WINDOW: usize = 228;
const INFO: usize = 232;
/// `TCP_CLOSE`.
const CLOSED: u8 = 7;

/// What the other side's kernel last said.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Bytes that it offers to take.
    pub window: u64,
    /// Nothing more can come of it.
    pub closed: bool,
}

/// Bytes written and not acknowledged (`SIOCOUTQ`, tcp(7)).
pub fn unacknowledged(stream: &TcpStream) -> io::Result<u64> {
    let mut count: libc::c_int = 0;
    // SAFETY: the descriptor is open for the call, and the kernel writes one int to where the pointer leads.
    unsafe { call::unacknowledged_bytes(stream.as_raw_fd(), &raw mut count) }?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// How the other side does (`TCP_INFO`, tcp(7)).
pub fn peer(stream: &TcpStream) -> io::Result<Peer> {
    let bytes = tcp_info(stream.as_raw_fd())?;
    let word = |at: usize| u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    Ok(Peer { window: word(SEND_WINDOW).into(), closed: bytes[STATE] == CLOSED })
}

fn tcp_info(descriptor: RawFd) -> io::Result<[u8; INFO]> {
    let mut bytes = [0_u8; INFO];
    let mut length = libc::socklen_t::try_from(mem::size_of_val(&bytes)).expect("a few hundred bytes fit");
    // SAFETY: the descriptor is open for the call, and the kernel writes at most `length` bytes to the array.
    let result = unsafe {
        libc::getsockopt(descriptor, libc::IPPROTO_TCP, libc::TCP_INFO, bytes.as_mut_ptr().cast(), &raw mut length)
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpListener, time::Duration};

    use super::*;

    #[test]
    fn a_server_that_does_not_read_closes_its_window() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_held, _) = listener.accept().unwrap();
        assert!(peer(&stream).unwrap().window > 0);
        stream.set_nonblocking(true).unwrap();
        while stream.write(&[0; 65_536]).is_ok() {}
        assert!(unacknowledged(&stream).unwrap() > 0);
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while peer(&stream).unwrap().window > 0 {
            assert!(std::time::Instant::now() < deadline, "the window stays open");
            std::thread::yield_now();
            let _ = stream.write(&[0; 65_536]);
        }
    }
}
