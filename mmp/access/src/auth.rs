//! `mmp-auth`: sshd's PAM step. `pam_exec` starts it; exit status 0 means yes, anything else no.
//!
//! Invariant: what it prints reaches the person at the other end, so before the password is proven it prints only what
//! a stranger may read.

use std::{env, io, process::ExitCode};

use mmp_access::{
    gate::{Daemon, Denial, Gate, public_text},
    pam::{self, Step},
};
use mmp_control::request::Door;

const NOT_RUNNING: &str = "The management daemon is not running; try again in a minute, or log in on the console";

fn main() -> ExitCode {
    // No core dump and no debugger: the password is in this memory.
    if nix::sys::prctl::set_dumpable(false).is_err() {
        return ExitCode::FAILURE;
    }
    let variable = |name| env::var(name).ok();
    match pam::step(variable, io::stdin().lock()) {
        Ok(Step::Authenticate { user, password, origin }) => {
            let mut daemon = Daemon { door: Door::Ssh, origin };
            match daemon.authenticate(&user, &password) {
                Ok(_) => ExitCode::SUCCESS,
                Err(Denial::Refused(refusal)) => refused(public_text(&refusal)),
                Err(Denial::Unreachable(_)) => refused(Some(NOT_RUNNING)),
            }
        }
        Ok(Step::Admit { user, origin }) => match (Daemon { door: Door::Ssh, origin }).admit(&user) {
            Ok(()) => ExitCode::SUCCESS,
            // The password was right: the person may know why it is still no.
            Err(Denial::Refused(refusal)) => {
                let lines = [Some(refusal.message), refusal.hint];
                refused(Some(&lines.into_iter().flatten().collect::<Vec<_>>().join("\n")))
            }
            Err(Denial::Unreachable(_)) => refused(Some(NOT_RUNNING)),
        },
        Ok(Step::CameIn { user, origin, key }) => {
            match (Daemon { door: Door::Ssh, origin }).came_in(&user, key.as_deref()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        Ok(Step::Nothing) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn refused(text: Option<&str>) -> ExitCode {
    use std::io::Write;
    if let Some(text) = text {
        // A reader that has gone changes nothing about the answer.
        let _ = writeln!(io::stdout(), "{text}");
    }
    ExitCode::FAILURE
}
