//! What mmpd writes to the logs: one line a command (`mmp.md` section 1.6), logins, and its own faults.
//!
//! Commands, logins, refusals and changes that were undone go to the audit log as well, with what came of them.
//!
//! Invariants: no secret reaches this module (lines are typed without them); a log that cannot be written fails
//! nothing, but an audit log that cannot be written is said at every login.

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use mmp_log::{Facility, Level, Record, audit::Store, record::printable};
use systemd::journal;

static TO_STDERR: AtomicBool = AtomicBool::new(false);
static AUDIT: Mutex<Audit> = Mutex::new(Audit { store: None, fault: None });

struct Audit {
    store: Option<Store>,
    fault: Option<String>,
}

/// On a developer's machine the lines go to standard error.
pub fn to_stderr() {
    TO_STDERR.store(true, Ordering::Relaxed);
}

/// Opens the audit log. Lines from before are in the system log only.
pub fn keep_audit(folder: &Path) {
    let opened = Store::open(folder);
    let mut audit = audit_log();
    match opened {
        Ok(store) => audit.store = Some(store),
        Err(error) => audit.fault = Some(error.to_string()),
    }
}

/// Why the audit log is not written, if it is not.
pub fn audit_fault() -> Option<String> {
    audit_log().fault.clone()
}

/// Puts what the audit log was told on the medium. Before a change is answered its line is there to stay.
pub fn settle() {
    let mut audit = audit_log();
    if let Some(Err(error)) = audit.store.as_mut().map(Store::sync) {
        audit.fault = Some(error.to_string());
    }
}

/// A command and the decision.
pub fn command(user: &str, origin: &str, line: &str, permitted: bool) {
    let decision = if permitted { "granted" } else { "denied" };
    both(Level::INFO, "cli", &format!("User {user} from {origin} issued command <{line}>: permission {decision}"));
}

/// That a command was carried out; for the audit log only.
pub fn done(user: &str, origin: &str, line: &str) {
    audited(Level::INFO, "cli", &format!("Command <{line}> of user {user} from {origin} was carried out"));
}

/// What came of a command that did not go through.
pub fn refused(user: &str, line: &str, message: &str) {
    both(Level::INFO, "cli", &format!("Command <{line}> of user {user} was not carried out: {message}"));
    settle();
}

/// A login or its refusal.
pub fn login(text: &str) {
    both(Level::INFO, "login", text);
    settle();
}

/// What is not any more as somebody made it: a change that was undone, a key that was made anew.
pub fn undone(text: &str) {
    send(Facility::DAEMON, Level::WARNING, "mmpd", text);
    audited(Level::WARNING, "mmpd", text);
    settle();
}

/// Something the administrator should know of.
pub fn warning(text: &str) {
    send(Facility::DAEMON, Level::WARNING, "mmpd", text);
}

/// Something that did not work.
pub fn error(text: &str) {
    send(Facility::DAEMON, Level::ERROR, "mmpd", text);
}

/// A step of mmpd itself.
pub fn info(text: &str) {
    send(Facility::DAEMON, Level::INFO, "mmpd", text);
}

fn both(level: Level, program: &str, text: &str) {
    send(Facility::LOCAL0, level, program, text);
    audited(level, program, text);
}

fn audited(level: Level, program: &str, text: &str) {
    let mut audit = audit_log();
    let Some(store) = &mut audit.store else { return };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    let host = nix::unistd::gethostname().unwrap_or_default();
    let record = Record::new(at, Facility::LOCAL0, level, &host.to_string_lossy(), program, text);
    match store.append(&record) {
        Ok(_) => audit.fault = None,
        Err(error) => {
            let fault = error.to_string();
            if audit.fault.as_ref() != Some(&fault) {
                send(Facility::DAEMON, Level::ERROR, "mmpd", &format!("the audit log is not written: {fault}"));
            }
            audit.fault = Some(fault);
        }
    }
}

fn audit_log() -> MutexGuard<'static, Audit> {
    AUDIT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn send(facility: Facility, level: Level, program: &str, text: &str) {
    // Control bytes out of typed lines would forge further lines on a log server.
    let text = printable(text);
    if TO_STDERR.load(Ordering::Relaxed) {
        eprintln!("{program}: {text}");
        return;
    }
    let fields = [
        format!("MESSAGE={text}"),
        format!("PRIORITY={}", level.number()),
        format!("SYSLOG_FACILITY={}", facility.number()),
        format!("SYSLOG_IDENTIFIER={program}"),
    ];
    // Nothing to be done about a journal that does not take it.
    let _ = journal::send(&fields.each_ref().map(String::as_str));
}

/// Text on one line: control bytes would forge further lines.
pub fn one_line(text: &str) -> String {
    printable(text)
}
