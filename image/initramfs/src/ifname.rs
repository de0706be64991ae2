//! Renaming a network interface: one ioctl.
//!
//! The only unsafe code is that call; its argument is a complete `ifreq` that outlives it.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

/// Gives the interface another name; it must be down, as all are at this time.
pub fn rename(from: &str, to: &str) -> io::Result<()> {
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    let request =
        libc::ifreq { ifr_name: name(from)?, ifr_ifru: libc::__c_anonymous_ifr_ifru { ifru_newname: name(to)? } };
    // SAFETY: the descriptor is open, SIOCSIFNAME reads one ifreq, and `request` lives until the call returns.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFNAME as libc::Ioctl, &raw const request) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn name(text: &str) -> io::Result<[libc::c_char; libc::IFNAMSIZ]> {
    let mut field = [0; libc::IFNAMSIZ];
    if text.len() >= field.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from.cast_signed();
    }
    Ok(field)
}
