//! Passwords typed by a person, or read from standard input by a script.
//!
//! Invariants: nothing is echoed; what was typed before the question is thrown away on a terminal; every buffer that
//! held a password is cleared.

use mmp_control::Secret;

use crate::{
    input::{self, NoLine},
    output,
    terminal::Mode,
};

/// How long a question waits: three minutes.
const PATIENCE_MS: u32 = 180_000;

/// Why no password came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPassword {
    /// End of input, Ctrl-C, or nobody typed for three minutes.
    Ended,
    /// The two differ.
    Mismatch,
    /// Not text, or too long.
    Unreadable,
}

impl NoPassword {
    /// The line to print.
    pub fn message(self) -> &'static str {
        match self {
            Self::Ended => "Aborted",
            Self::Mismatch => "Passwords do not match",
            Self::Unreadable => "Invalid character in password",
        }
    }
}

/// Asks for a new password twice.
pub fn ask_new(terminal: bool) -> Result<Secret, NoPassword> {
    let first = ask("Please enter new password:", terminal)?;
    let again = ask("Please enter new password again:", terminal)?;
    if first == again { Ok(first) } else { Err(NoPassword::Mismatch) }
}

/// Asks for one password. Without a terminal the question is not printed.
pub fn ask(question: &str, terminal: bool) -> Result<Secret, NoPassword> {
    // Echo goes off before the question is shown: whoever sees it may type at once.
    let silence = terminal.then(Mode::silent);
    if terminal {
        output::write(question);
    }
    let line = input::line(terminal.then_some(PATIENCE_MS));
    if terminal {
        output::write("\n");
    }
    drop(silence);
    let line = line.map_err(|reason| match reason {
        NoLine::TooLong => NoPassword::Unreadable,
        NoLine::End | NoLine::Interrupted | NoLine::Idle => NoPassword::Ended,
    })?;
    let text = std::str::from_utf8(&line).map_err(|_| NoPassword::Unreadable)?;
    if text.chars().any(char::is_control) {
        return Err(NoPassword::Unreadable);
    }
    Ok(Secret::new(text.to_owned()))
}
