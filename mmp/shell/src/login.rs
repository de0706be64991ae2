//! What comes before the first prompt: the forced change of an expired password, and the greeting.

use mmp_client::ClientError;
use mmp_control::{Request, Welcome, request::User};

use crate::{
    output,
    password::{self, NoPassword},
    render, run,
    session::Session,
};

/// Sets a new password if it must be set. `false` means that the administrator gave up and is logged out.
pub fn change_expired_password(session: &mut Session) -> Result<bool, ClientError> {
    if !session.welcome.must_change_password {
        return Ok(true);
    }
    output::write("Password has expired\n");
    loop {
        let new = match password::ask_new(true) {
            Ok(new) => new,
            Err(NoPassword::Ended) => return Ok(false),
            Err(reason) => {
                output::write(&format!("{}\n", reason.message()));
                continue;
            }
        };
        match session.call("passwd", Request::User(User::ChangeOwn { old: None, new }), false) {
            Ok(_) => {
                session.reopen()?;
                return Ok(true);
            }
            Err(error @ ClientError::Refused(_)) => output::write(&format!("{}\n", run::report(&error))),
            Err(error) => return Err(error),
        }
    }
}

/// The lines before the first prompt.
pub fn greeting(welcome: &Welcome) -> String {
    let mut text = welcome.motd.as_ref().map_or_else(String::new, |motd| format!("{motd}\n"));
    text.push_str(&format!("Failed logins since last successful login {}\n", welcome.failed_logins));
    if let Some(login) = &welcome.last_login {
        text.push_str(&format!("Last login {} from {}\n", render::utc(login.at), login.origin));
    }
    for notice in &welcome.notices {
        text.push_str(notice);
        text.push('\n');
    }
    text
}
