//! Ctrl-C while a command runs.
//!
//! Invariants: the handler stores one flag and nothing else. After [`arm`] the signal is blocked and comes through only
//! in waits that let it (`ppoll` with [`while_waiting`]), so that none is lost between a check and a wait.

#![allow(unsafe_code)] // a signal handler cannot be installed without

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use nix::{
    poll::ppoll,
    sys::{
        signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
        time::TimeSpec,
    },
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_interrupt(_: nix::libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Ignores the keys that would kill or stop the shell while a command runs: there is nothing to fall back to.
pub fn shield() {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGQUIT, Signal::SIGTSTP] {
        // SAFETY: no code of ours runs for an ignored signal.
        let _ = unsafe { sigaction(signal, &ignore) };
    }
}

/// Takes Ctrl-C over, which would end the shell, and forgets an earlier one. The line editor installs a handler of its
/// own, so this is done before each wait.
pub fn arm() {
    let action = SigAction::new(SigHandler::Handler(on_interrupt), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler only stores to an atomic, which is safe in a signal handler.
    let _ = unsafe { sigaction(Signal::SIGINT, &action) };
    let interrupt = SigSet::from(Signal::SIGINT);
    // One that waits since the last command is delivered here, to be forgotten.
    let _ = interrupt.thread_unblock();
    INTERRUPTED.store(false, Ordering::Relaxed);
    let _ = interrupt.thread_block();
}

/// The signals to block during a wait that Ctrl-C may end.
pub fn while_waiting() -> SigSet {
    let mut mask = SigSet::thread_get_mask().unwrap_or_else(|_| SigSet::empty());
    mask.remove(Signal::SIGINT);
    mask
}

/// Whether Ctrl-C was pressed since [`arm`], or since this was asked.
pub fn interrupted() -> bool {
    INTERRUPTED.swap(false, Ordering::Relaxed)
}

/// Waits so long, or until Ctrl-C, which is told.
pub fn pause(time: Duration) -> bool {
    let time = TimeSpec::from_duration(time);
    // Woken early by a signal or not, the flag knows.
    let _ = ppoll(&mut [], Some(time), Some(while_waiting()));
    interrupted()
}
