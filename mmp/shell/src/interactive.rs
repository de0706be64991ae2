//! The shell on a terminal: prompt, line, answer, until the administrator leaves.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    editor::{Editor, Entered},
    interrupt, listing, login, origin, output, run,
    run::Outcome,
    session::Session,
    status::Status,
};

/// Runs until logged out.
pub fn run() -> Status {
    interrupt::install();
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
    let Ok(mut editor) = Editor::new(&session) else {
        output::error("The terminal cannot be used. Log in again");
        return Ok(Status::Unreachable);
    };
    loop {
        match editor.line(&prompt) {
            Entered::Lines(lines) => {
                for line in lines {
                    if run::line(&mut lock(), &line, true) == Outcome::Exit {
                        return Ok(Status::Done);
                    }
                }
            }
            Entered::Question { line, cursor } => {
                let found = listing::completion(&mut lock(), &line, cursor);
                output::text(&listing::list(&found), &[], true);
                editor.put_back(line, cursor);
            }
            Entered::Nothing => {}
            Entered::End => return Ok(Status::Done),
        }
    }
}
