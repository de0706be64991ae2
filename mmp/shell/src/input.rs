//! Lines and keys from standard input, read unbuffered.
//!
//! Invariant: not one byte past what was asked for is taken, so that a command and the password that follows it can
//! come from the same stream.

use std::{io, os::fd::AsFd, time::Duration};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll, ppoll},
    unistd,
};
use zeroize::Zeroizing;

use crate::interrupt;

/// Longest line that is kept.
pub const LONGEST: usize = 4096;

/// Why no line came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLine {
    /// End of input.
    End,
    /// Ctrl-C.
    Interrupted,
    /// Nobody typed for that long.
    Idle,
    /// Longer than [`LONGEST`]; it was read to its end all the same.
    TooLong,
}

/// One line without its end. `patience` is how long to wait for it, in milliseconds.
pub fn line(patience: Option<u32>) -> Result<Zeroizing<Vec<u8>>, NoLine> {
    interrupt::arm();
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    loop {
        wait(patience)?;
        let mut byte = Zeroizing::new([0; 1]);
        match unistd::read(io::stdin().as_fd(), &mut *byte) {
            Ok(0) if line.is_empty() => return Err(NoLine::End),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() <= LONGEST => line.push(byte[0]),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Err(NoLine::End),
        }
    }
    if line.len() > LONGEST {
        return Err(NoLine::TooLong);
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn wait(patience: Option<u32>) -> Result<(), NoLine> {
    let timeout = patience.map(|ms| Duration::from_millis(ms.into()).into());
    loop {
        if interrupt::interrupted() {
            return Err(NoLine::Interrupted);
        }
        let stdin = io::stdin();
        let mut readable = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut readable, timeout, Some(interrupt::while_waiting())) {
            Ok(0) => return Err(NoLine::Idle),
            Err(Errno::EINTR) => {}
            _ => return Ok(()),
        }
    }
}

/// One key of a terminal in the mode for keys; `None` when it is gone.
pub fn key() -> Option<u8> {
    let mut byte = [0; 1];
    loop {
        match unistd::read(io::stdin().as_fd(), &mut byte) {
            Ok(1) => return Some(byte[0]),
            Err(Errno::EINTR) => {}
            _ => return None,
        }
    }
}

/// Whether more bytes wait to be read right now.
pub fn pending() -> bool {
    let stdin = io::stdin();
    poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO) == Ok(1)
}
