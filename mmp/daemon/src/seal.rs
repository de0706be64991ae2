//! Proof that nobody else can write to a file any more, before it gets a name.
//!
//! The one module that takes leases (fcntl(2), `F_SETLEASE`); its unsafe code is that call.
#![allow(unsafe_code)]

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::AsRawFd,
    thread,
    time::{Duration, Instant},
};

use nix::libc;

/// How long a descriptor may stay that nobody uses: a program that mmpd starts holds all of mmpd's between its fork and
/// its exec, however soon they are closed after that.
const FORK_TO_EXEC: Duration = Duration::from_millis(500);
/// Between two looks; the kernel tells nobody when a file can be leased.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Gives a read-only handle of the same file. The kernel grants a read lease only while no descriptor of anybody can
/// write to it, so a descriptor that was passed on and not closed makes this fail.
pub fn seal(file: File) -> io::Result<File> {
    let read = OpenOptions::new().read(true).open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    drop(file);
    let deadline = Instant::now() + FORK_TO_EXEC;
    while lease(&read, libc::F_RDLCK).is_err() {
        if Instant::now() >= deadline {
            return Err(io::Error::other("it is still being written to"));
        }
        thread::sleep(LOOK_AGAIN);
    }
    lease(&read, libc::F_UNLCK)?;
    Ok(read)
}

fn lease(file: &File, kind: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open for the call, and the third argument is the int that F_SETLEASE takes.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::{
        process::Command,
        sync::atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[test]
    fn a_program_that_is_being_started_does_not_keep_a_file_from_being_sealed() {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        Command::new("true").status().unwrap();
                    }
                });
            }
            let mut seal_one = |_| {
                let file = tempfile::tempfile().unwrap();
                // Long enough that a program is started while the file can be written to.
                thread::yield_now();
                seal(file)
            };
            let sealed: Vec<_> = (0..500).map(&mut seal_one).collect();
            done.store(true, Ordering::Relaxed);
            assert!(sealed.iter().all(Result::is_ok));
        });
    }
}
