//! `mmp`, the shell of the appliance: a line becomes a typed request to mmpd, and the reply becomes text.
//!
//! Invariants: no privilege, no state of its own but the history file, and no program is ever started except mmp-sftp,
//! and that only in place of this one. What is allowed is mmpd's to say; the shell only hides what a role cannot use.
//! Nothing here prints with `print!`: a terminal that goes away is the end of the session, not a panic.

mod batch;
mod editor;
mod input;
mod interactive;
mod interrupt;
mod listing;
mod login;
mod origin;
mod output;
mod pager;
mod password;
mod render;
mod run;
mod session;
mod status;
mod terminal;

use std::{
    ffi::OsString,
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Command, ExitCode},
};

use nix::{sys::prctl, unistd::isatty};

use status::Status;

/// The SFTP subsystem, which sshd starts through the login shell.
const SFTP: &str = "/usr/lib/rostrum/mmp-sftp";

fn main() -> ExitCode {
    // Passwords pass through this memory; another process of the same account must not look into it.
    let _ = prctl::set_dumpable(false);
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let terminal = isatty(stdin.as_fd()).unwrap_or(false) && isatty(stdout.as_fd()).unwrap_or(false);
    let status = match arguments.as_slice() {
        [] if terminal => interactive::run(),
        [] => batch::standard_input(),
        [option, line] if option == "-c" && line == SFTP => sftp(),
        [option, line] if option == "-c" => batch::command(&line.to_string_lossy(), terminal),
        _ => {
            output::error("Usage: mmp [-c LINE]");
            Status::Usage
        }
    };
    status.into()
}

/// Becomes the SFTP subsystem; returns only if that fails.
fn sftp() -> Status {
    let error = Command::new(SFTP).exec();
    output::error(&format!("File transfer cannot be started: {error}"));
    Status::Unreachable
}
