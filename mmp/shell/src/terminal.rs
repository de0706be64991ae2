//! The terminal itself: its size, and modes that are put back whatever happens.
//!
//! Invariant: a mode lasts as long as its [`Mode`] value lives.

use std::{io, os::fd::AsFd};

use nix::sys::termios::{InputFlags, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};

/// Size of a terminal that does not tell, as a serial line does not.
const DEFAULT_SIZE: (usize, usize) = (24, 80);

/// Rows and columns.
pub fn size() -> (usize, usize) {
    let told = window::size().unwrap_or((0, 0));
    let or = |value: u16, default| if value == 0 { default } else { usize::from(value) };
    (or(told.0, DEFAULT_SIZE.0), or(told.1, DEFAULT_SIZE.1))
}

/// Rows that a line takes.
pub fn rows(line: &str, columns: usize) -> usize {
    line.chars().count().div_ceil(columns.max(1)).max(1)
}

/// A changed mode of the terminal, until it is dropped.
pub struct Mode {
    before: Option<Termios>,
}

impl Mode {
    /// Lines without echo, for passwords. What was typed before is thrown away.
    pub fn silent() -> Self {
        Self::set(SetArg::TCSAFLUSH, |mode| mode.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL))
    }

    /// Single keys without echo and without signals, for the pager.
    pub fn keys() -> Self {
        Self::set(SetArg::TCSADRAIN, |mode| {
            mode.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG | LocalFlags::IEXTEN);
            mode.input_flags.remove(InputFlags::ICRNL | InputFlags::IXON);
            mode.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
            mode.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        })
    }

    fn set(when: SetArg, change: impl FnOnce(&mut Termios)) -> Self {
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd()).ok();
        if let Some(before) = &before {
            let mut mode = before.clone();
            change(&mut mode);
            let _ = tcsetattr(stdin.as_fd(), when, &mode);
        }
        Self { before }
    }
}

impl Drop for Mode {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, before);
        }
    }
}

mod window {
    #![allow(unsafe_code)] // the window's size is known to an ioctl only

    use std::os::fd::AsRawFd;

    nix::ioctl_read_bad!(window_size, nix::libc::TIOCGWINSZ, nix::libc::winsize);

    /// Rows and columns as the terminal tells them.
    pub fn size() -> Option<(u16, u16)> {
        let mut size = nix::libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the descriptor is open for the life of the process, and the kernel writes one `winsize`.
        unsafe { window_size(std::io::stdout().as_raw_fd(), &raw mut size) }.ok()?;
        Some((size.ws_row, size.ws_col))
    }
}
