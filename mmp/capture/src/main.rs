//! `mmp-capture`: writes the packets of one socket to one file.
//!
//! mmpd opens both and starts this program without rights of its own, so that whatever a packet does to its reader, it
//! does it here: standard input is the packet socket, standard output the file, standard error the line to mmpd. That
//! mmpd closes its side of the line ends the capture; the last word on it says how it went.

mod file;
mod frame;
mod statistics;

use std::{
    fs::File,
    io::{self, IoSliceMut, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    process::ExitCode,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mmp_model::capture::Filter;
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{ControlMessageOwned, MsgFlags, recvmsg},
};

use file::{Capture, Full, SNAP};

/// Longest wait for the next packet while some are not in the file yet.
const IDLE: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (Some(most), Some(seconds), Some(filter)) = (
        words.first().and_then(|text| text.parse().ok()),
        words.get(1).and_then(|text| text.parse().ok()),
        words.get(2).map(|text| text.parse::<Filter>()).transpose().ok(),
    ) else {
        eprintln!("usage: mmp-capture BYTES SECONDS [FILTER]");
        return ExitCode::from(2);
    };
    match run(most, Duration::from_secs(seconds), filter.as_ref()) {
        Ok(report) => {
            let _ = write!(io::stderr(), "{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = write!(io::stderr(), "error {error}");
            ExitCode::FAILURE
        }
    }
}

/// Captures to the end; `reason packets missed`.
fn run(most: u64, time: Duration, filter: Option<&Filter>) -> io::Result<String> {
    let (socket, line) = (io::stdin(), io::stderr());
    let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut capture = Capture::begin(file, most)?;
    let mut buffer = vec![0; SNAP];
    let end = Instant::now() + time;
    let mut packets = 0_u64;
    let reason = loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break "time";
        }
        let (came, stopped) = wait(socket.as_fd(), line.as_fd(), left.min(IDLE))?;
        if stopped {
            break "stopped";
        }
        if !came {
            if let Some(full) = capture.flush()? {
                break word(full);
            }
            continue;
        }
        let (at, length) = match receive(socket.as_fd(), &mut buffer) {
            Ok(received) => received,
            // The last: the interface was turned off; it may come back.
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN) => continue,
            Err(error) => return Err(error.into()),
        };
        let caught = &buffer[..length.min(SNAP)];
        if filter.is_none_or(|filter| filter.takes(&frame::facts(caught))) {
            match capture.take(at, caught, length)? {
                None => packets += 1,
                Some(full) => break word(full),
            }
        }
    };
    capture.flush()?;
    let missed = statistics::missed(socket.as_fd());
    Ok(format!("{reason} {packets} {missed}"))
}

fn word(full: Full) -> &'static str {
    match full {
        Full::Size => "size",
        Full::Space => "space",
    }
}

/// Whether a packet is there, and whether mmpd has had enough.
fn wait(socket: BorrowedFd<'_>, line: BorrowedFd<'_>, longest: Duration) -> io::Result<(bool, bool)> {
    let mut both = [PollFd::new(socket, PollFlags::POLLIN), PollFd::new(line, PollFlags::POLLIN)];
    match poll(&mut both, PollTimeout::try_from(longest).unwrap_or(PollTimeout::MAX)) {
        Err(Errno::EINTR) => return Ok((false, false)),
        other => other?,
    };
    let ready = |at: usize| both[at].any().unwrap_or(false);
    Ok((ready(0), ready(1)))
}

/// The next packet: when the kernel saw it, and how long it is.
fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<(Duration, usize), Errno> {
    let mut slices = [IoSliceMut::new(buffer)];
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut control), flags)?;
    let at = message.cmsgs().into_iter().flatten().find_map(|one| match one {
        ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
        _ => None,
    });
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok((at.unwrap_or_else(now), message.bytes))
}
