//! What mmpd writes to the log: one line a command (`mmp.md` section 1.6), and its own faults.
//!
//! Invariants: no secret reaches this module (lines are typed without them); a log that cannot be written fails
//! nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use systemd::journal;

/// syslog(3) severity.
#[derive(Clone, Copy)]
enum Level {
    Error = 3,
    Warning = 4,
    Info = 6,
}

/// Facility local0, which the product's commands are logged under.
const LOCAL0: u8 = 16;
/// Facility daemon.
const DAEMON: u8 = 3;

static TO_STDERR: AtomicBool = AtomicBool::new(false);

/// On a developer's machine the lines go to standard error.
pub fn to_stderr() {
    TO_STDERR.store(true, Ordering::Relaxed);
}

/// A command and the decision.
pub fn command(user: &str, origin: &str, line: &str, permitted: bool) {
    let decision = if permitted { "granted" } else { "denied" };
    send(
        LOCAL0,
        Level::Info,
        "cli",
        &format!("User {user} from {origin} issued command <{line}>: permission {decision}"),
    );
}

/// What came of a command that did not go through.
pub fn refused(user: &str, line: &str, message: &str) {
    send(LOCAL0, Level::Info, "cli", &format!("Command <{line}> of user {user} was not carried out: {message}"));
}

/// A login or its refusal.
pub fn login(text: &str) {
    send(LOCAL0, Level::Info, "login", text);
}

/// Something the administrator should know of.
pub fn warning(text: &str) {
    send(DAEMON, Level::Warning, "mmpd", text);
}

/// Something that did not work.
pub fn error(text: &str) {
    send(DAEMON, Level::Error, "mmpd", text);
}

/// A step of mmpd itself.
pub fn info(text: &str) {
    send(DAEMON, Level::Info, "mmpd", text);
}

fn send(facility: u8, level: Level, program: &str, text: &str) {
    let text = one_line(text);
    if TO_STDERR.load(Ordering::Relaxed) {
        eprintln!("{program}: {text}");
        return;
    }
    let fields = [
        format!("MESSAGE={text}"),
        format!("PRIORITY={}", level as u8),
        format!("SYSLOG_FACILITY={facility}"),
        format!("SYSLOG_IDENTIFIER={program}"),
    ];
    // Nothing to be done about a journal that does not take it.
    let _ = journal::send(&fields.each_ref().map(String::as_str));
}

/// Control bytes out of typed lines would forge further lines on a log server.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_line_cannot_forge_a_second_one() {
        assert_eq!(one_line("dns\nUser root"), "dns?User root");
    }
}
