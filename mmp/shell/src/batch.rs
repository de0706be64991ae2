//! Lines without an editor: `-c LINE`, and lines on standard input.
//!
//! Invariants: nothing is echoed and no prompt is printed; a line that fails does not stop the next one, and the first
//! failure is the exit status.

use crate::{
    input::{self, NoLine},
    interrupt, origin, output, run,
    run::{Manner, Outcome},
    session::Session,
    status::Status,
};

/// The lines of one `-c` argument.
pub fn command(lines: &str, terminal: bool) -> Status {
    let mut rest = lines.lines().map(str::to_owned);
    with_session(|session| all(session, Manner { questions: terminal, pages: terminal }, &mut || rest.next()))
}

/// Lines from standard input until it ends.
pub fn standard_input() -> Status {
    with_session(|session| {
        all(session, Manner { questions: false, pages: false }, &mut || match input::line(None) {
            Ok(line) => Some(String::from_utf8_lossy(&line).into_owned()),
            // Whatever it was, it is no command; the parser says so.
            Err(NoLine::TooLong) => Some("?\u{0}".into()),
            Err(_) => None,
        })
    })
}

fn with_session(work: impl FnOnce(&mut Session) -> Status) -> Status {
    interrupt::shield();
    match Session::open(origin::origin()) {
        Ok(session) if session.welcome.must_change_password => {
            output::error("Password has expired\nLog in without a command to set a new password");
            Status::Expired
        }
        Ok(mut session) => work(&mut session),
        Err(error) => {
            output::error(&run::report(&error));
            Status::from(&error)
        }
    }
}

fn all(session: &mut Session, manner: Manner, next: &mut dyn FnMut() -> Option<String>) -> Status {
    let mut first = Status::Done;
    while let Some(line) = next() {
        match run::line(session, &line, manner) {
            Outcome::Next(status) if first == Status::Done => first = status,
            Outcome::Next(_) => {}
            Outcome::Exit => break,
        }
    }
    first
}
