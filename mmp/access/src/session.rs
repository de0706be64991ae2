//! From root's login to the account's shell: the same process, with everything of root's taken away.
//!
//! Invariants: a number below the accounts' first is never taken on; after the change nothing leads back; the
//! environment is exactly what stands here. The service manager starts a new login when the shell has ended.

use std::{
    convert::Infallible,
    ffi::{CStr, CString, NulError},
    os::fd::AsFd,
};

use mmp_control::reply::Admitted;
use mmp_model::account::FIRST_UID;
use nix::{
    errno::Errno,
    sys::{
        prctl,
        stat::{Mode, fchmod},
    },
    unistd::{Gid, Uid, chdir, execve, fchown, getresgid, getresuid, setgroups, setresgid, setresuid},
};

use crate::{
    places::{GROUP, HOMES, SHELL},
    terminal::is_serial,
};

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// mmpd named a number that is no account's.
    #[error("user number {0} is not an account's")]
    NotAnAccount(u32),
    /// The kernel did not do a step.
    #[error("cannot {0}")]
    Step(&'static str, #[source] Errno),
    /// Rights were left over.
    #[error("root's rights were not given up")]
    StillRoot,
    /// A value with a NUL in it.
    #[error("a value of the environment cannot be passed on")]
    Value(#[from] NulError),
}

/// Makes the terminal root's alone, as it is while nobody is logged in.
pub fn take_terminal(terminal: impl AsFd) -> Result<(), SessionError> {
    own(terminal, Uid::from_raw(0), Mode::S_IRUSR | Mode::S_IWUSR)
}

/// Becomes the account and runs the shell.
pub fn enter(admitted: &Admitted, tty: &str, terminal: impl AsFd) -> Result<Infallible, SessionError> {
    if admitted.uid < FIRST_UID {
        return Err(SessionError::NotAnAccount(admitted.uid));
    }
    let (uid, gid) = (Uid::from_raw(admitted.uid), Gid::from_raw(GROUP));
    let shell = CString::new(SHELL)?;
    let environment =
        environment(admitted, tty).into_iter().map(CString::new).collect::<Result<Vec<CString>, NulError>>()?;
    own(terminal, uid, Mode::S_IRUSR | Mode::S_IWUSR | Mode::S_IWGRP)?;
    chdir("/").map_err(|e| SessionError::Step("enter /", e))?;
    setgroups(&[gid]).map_err(|e| SessionError::Step("set groups", e))?;
    setresgid(gid, gid, gid).map_err(|e| SessionError::Step("set the group", e))?;
    setresuid(uid, uid, uid).map_err(|e| SessionError::Step("set the user", e))?;
    prctl::set_no_new_privs().map_err(|e| SessionError::Step("give up new rights", e))?;
    let users = getresuid().map_err(|e| SessionError::Step("read the user", e))?;
    let groups = getresgid().map_err(|e| SessionError::Step("read the group", e))?;
    let changed = [users.real, users.effective, users.saved] == [uid; 3]
        && [groups.real, groups.effective, groups.saved] == [gid; 3];
    if !changed || setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err(SessionError::StillRoot);
    }
    // The dash says "login shell", as everywhere.
    let arguments: [&CStr; 1] = [c"-mmp"];
    execve(&shell, &arguments, &environment).map_err(|e| SessionError::Step("start the shell", e))
}

fn own(terminal: impl AsFd, owner: Uid, mode: Mode) -> Result<(), SessionError> {
    fchown(&terminal, Some(owner), None).map_err(|e| SessionError::Step("give the terminal to its user", e))?;
    fchmod(&terminal, mode).map_err(|e| SessionError::Step("protect the terminal", e))
}

/// The shell's whole environment.
fn environment(admitted: &Admitted, tty: &str) -> Vec<String> {
    let user = &admitted.user;
    vec![
        format!("HOME={HOMES}/{user}"),
        format!("USER={user}"),
        format!("LOGNAME={user}"),
        format!("SHELL={SHELL}"),
        format!("TERM={}", if is_serial(tty) { "vt220" } else { "linux" }),
        format!("MMP_ORIGIN=console {tty}"),
        "PATH=/usr/bin".into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(uid: u32) -> Admitted {
        Admitted { user: "admin".parse().unwrap(), uid }
    }

    #[test]
    fn the_environment_is_the_accounts_and_nothing_else() {
        let expected = [
            "HOME=/data/home/admin",
            "USER=admin",
            "LOGNAME=admin",
            "SHELL=/usr/bin/mmp",
            "TERM=vt220",
            "MMP_ORIGIN=console ttyS0",
            "PATH=/usr/bin",
        ];
        assert_eq!(environment(&admitted(10_000), "ttyS0"), expected);
        assert!(environment(&admitted(10_000), "tty1").contains(&"TERM=linux".to_owned()));
    }

    #[test]
    fn a_system_users_number_is_never_taken_on() {
        let null = std::fs::File::open("/dev/null").unwrap();
        for uid in [0, 1, 999, 9_999] {
            assert!(matches!(enter(&admitted(uid), "ttyS0", &null), Err(SessionError::NotAnAccount(_))));
        }
    }
}
