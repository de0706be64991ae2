//! The shell on a terminal: prompt, line, answer, until the administrator leaves.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    editor::{Editor, Entered},
    interrupt, listing, login, origin, output, run,
    run::{Manner, Outcome},
    session::Session,
    status::Status,
};

/// Runs until logged out.
pub fn run() -> Status {
    interrupt::shield();
    match session() {
        Ok(status) => status,
        Err(error) => {
            output::error(&run::report(&error));
            Status::from(&error)
        }
    }
}

fn session() -> Result<Status, mmp_client::ClientError> {
    let mut session = Session::open(origin::origin())?;
    if !login::change_expired_password(&mut session)? {
        return Ok(Status::Expired);
    }
    output::write(&login::greeting(&session.welcome));
    let prompt = format!("{}> ", session.welcome.hostname);
    let session = Arc::new(Mutex::new(session));
    let lock = || session.lock().unwrap_or_else(PoisonError::into_inner);
    // A terminal that cannot erase a line has no use for pages either.
    let pages = std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
    let Ok(mut editor) = Editor::new(&session) else {
        output::error("The terminal cannot be used. Log in again");
        return Ok(Status::Unreachable);
    };
    loop {
        output::write(&news(&mut lock()));
        match editor.line(&prompt) {
            Entered::Lines { lines, by_hand } => {
                for line in lines {
                    let role = lock().welcome.role;
                    let manner = Manner { questions: true, pages: by_hand && pages };
                    if run::line(&mut lock(), &line, manner) == Outcome::Exit {
                        return Ok(Status::Done);
                    }
                    if run::asks(&line, role) {
                        editor.forget_typed_ahead(&session);
                        break;
                    }
                }
            }
            Entered::Question { line, cursor } => {
                let found = listing::completion(&mut lock(), &line, cursor);
                output::text(&listing::list(&found), &[], pages);
                editor.put_back(line, cursor);
            }
            Entered::Nothing => {}
            Entered::End => return Ok(Status::Done),
        }
    }
}

/// What other administrators, and the appliance by itself, changed since the last prompt.
fn news(session: &mut Session) -> String {
    session.news().iter().map(|line| format!("*** {line}\n")).collect()
}
