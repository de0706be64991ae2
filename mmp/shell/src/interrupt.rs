//! Ctrl-C while a command runs.
//!
//! Invariant: the handler stores one flag and nothing else. It is installed without `SA_RESTART`, so that a wait for
//! mmpd or for a password is woken by it.

#![allow(unsafe_code)] // a signal handler cannot be installed without

use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

extern "C" fn on_interrupt(_: nix::libc::c_int) {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Takes Ctrl-C over from the kernel, which would end the shell.
pub fn install() {
    let action = SigAction::new(SigHandler::Handler(on_interrupt), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler only stores to an atomic, which is safe in a signal handler.
    let _ = unsafe { sigaction(Signal::SIGINT, &action) };
}

/// Forgets an earlier Ctrl-C.
pub fn clear() {
    INTERRUPTED.store(false, Ordering::Relaxed);
}

/// Whether Ctrl-C was pressed since [`clear`].
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
