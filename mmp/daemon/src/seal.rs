//! Proof that nobody else can write to a file any more, before it gets a name.
//!
//! The one module that takes leases (fcntl(2), `F_SETLEASE`); its unsafe code is that call.
#![allow(unsafe_code)]

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::AsRawFd,
};

use nix::libc;

/// Gives a read-only handle of the same file. The kernel grants a read lease only while no descriptor of anybody can
/// write to it, so a descriptor that was passed on and not closed makes this fail.
pub fn seal(file: File) -> io::Result<File> {
    let read = OpenOptions::new().read(true).open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    drop(file);
    lease(&read, libc::F_RDLCK).map_err(|_| io::Error::other("it is still being written to"))?;
    lease(&read, libc::F_UNLCK)?;
    Ok(read)
}

fn lease(file: &File, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open for the call, and the third argument is the int that F_SETLEASE takes.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
