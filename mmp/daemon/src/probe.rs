//! `ping` and `traceroute` (`mmp.md` section 8.1): the usual programs, run without privilege, their output handed on as
//! it comes, ended by the peer's cancel or departure.

use std::{
    fs::File,
    io::{self, Read},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
};

use mmp_control::{Answer, Ask, Kind, Refusal, Reply, request::Probe};
use mmp_model::Host;
use nix::{
    fcntl::{FcntlArg, FdFlag, fcntl},
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    pty::{OpenptyResult, openpty},
    sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr},
};

use crate::connection::{Connection, ConnectionError};

/// The kernel's number of the user `nobody`.
const NOBODY: u32 = 65_534;

/// Runs the program; the answer that ends the request.
pub fn run(probe: Probe, host: &Host, device: bool, connection: &mut Connection) -> Result<Answer, ConnectionError> {
    let (mut child, output) = match start(probe, host, device) {
        Ok(started) => started,
        Err(error) => {
            let refusal = Refusal::new(Kind::Internal, format!("The program cannot be started: {error}"));
            return Ok(Answer::Refused(refusal));
        }
    };
    let outcome = pump(output, connection);
    if !matches!(outcome, Ok(End::Finished)) {
        // Cancelled, or nobody listens any more: the program does not outlive its request.
        let _ = child.kill();
    }
    let status = child.wait()?;
    outcome?;
    Ok(if status.success() || status.code().is_none() || status.code() == Some(1) {
        // 1 means that no answer came, which the output has said; no code means that it was cancelled.
        Answer::Done(Reply::Nothing)
    } else {
        let hint = "check the name with `dns lookup a <name>`, the way with `ipv4 a`";
        Answer::Refused(Refusal::new(Kind::Unavailable, format!("{host} cannot be probed")).hint(hint))
    })
}

/// The program, and the reading end of the terminal that both its streams go to. With a pipe the C library would keep
/// its lines back until it ends.
fn start(probe: Probe, host: &Host, device: bool) -> io::Result<(Child, File)> {
    let target = host.to_string();
    let (program, name, options): (_, _, &[&str]) = match probe {
        Probe::Ping => ("/usr/bin/ping", "ping", &["-c", "4", "-w", "12", "--"]),
        Probe::Traceroute => ("/usr/bin/traceroute.db", "traceroute", &["-n", "-w", "2", "-q", "1", "--"]),
    };
    let OpenptyResult { master, slave } = openpty(None, None)?;
    let mut state = tcgetattr(&slave)?;
    cfmakeraw(&mut state);
    tcsetattr(&slave, SetArg::TCSANOW, &state)?;
    // Not inherited by other programs, whose life would keep the terminal open.
    fcntl(&master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let mut command = Command::new(program);
    command.arg0(name);
    command.args(options).arg(&target).env_clear().stdin(Stdio::null()).stdout(slave.try_clone()?).stderr(slave);
    if device {
        command.uid(NOBODY).gid(NOBODY);
    }
    let child = command.spawn()?;
    // The command holds the terminal open; without it the reader sees the program's end.
    drop(command);
    Ok((child, File::from(master)))
}

/// How the output came to its end.
enum End {
    /// The program closed it.
    Finished,
    /// The peer has had enough.
    Cancelled,
}

/// Hands output on until the program ends or the peer cancels.
fn pump(mut output: File, connection: &mut Connection) -> Result<End, ConnectionError> {
    let mut buffer = [0; 4096];
    loop {
        let (spoke, asked) = {
            let mut both =
                [PollFd::new(output.as_fd(), PollFlags::POLLIN), PollFd::new(connection.as_fd(), PollFlags::POLLIN)];
            poll(&mut both, PollTimeout::NONE).map_err(io::Error::from)?;
            let ready = |fd: &PollFd| fd.any().unwrap_or(false);
            (ready(&both[0]), ready(&both[1]))
        };
        if asked {
            // Whatever the peer says now, or its departure, ends the program.
            let _ = connection.receive::<Ask>()?;
            return Ok(End::Cancelled);
        }
        if spoke {
            match output.read(&mut buffer) {
                // A terminal whose other side is closed reads as an error, not as an end.
                Ok(0) => return Ok(End::Finished),
                Err(error) if error.raw_os_error() == Some(libc::EIO) => return Ok(End::Finished),
                Err(error) => return Err(error.into()),
                Ok(length) => {
                    connection.send(&Answer::Text(String::from_utf8_lossy(&buffer[..length]).into_owned()))?;
                }
            }
        }
    }
}
