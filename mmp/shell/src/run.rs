//! One line: understand it, ask, print.
//!
//! Invariant: every line is told to mmpd for the log, whether it was understood or not, and never with a secret.

use mmp_client::ClientError;
use mmp_control::{
    Refusal, Reply, Request, Secret,
    reply::LogPage,
    request::{Backup, Pki, Syslog, Trial, User},
    roles,
};
use mmp_grammar::{Action, Filter, Parsed, help, loggable, parse};
use mmp_model::{Role, Username, backup::BackupName};

use crate::{
    input, listing, output,
    password::{self, NoPassword},
    render,
    session::Session,
    status::Status,
};

/// Pairs of passwords that a person may get wrong before the command ends.
const ATTEMPTS: usize = 3;

/// What a line led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The next line, please.
    Next(Status),
    /// The session ends.
    Exit,
}

/// How to deal with whoever is at the other end.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// There is a terminal to ask questions on.
    pub questions: bool,
    /// A person reads, a page at a time.
    pub pages: bool,
}

/// Whether the line leads to a question, whose answer must not have been typed before it was asked.
pub fn asks(line: &str, role: Role) -> bool {
    parse(line, role).is_ok_and(|parsed| {
        let secret = matches!(
            parsed.action,
            Action::AddUser(..)
                | Action::ChangePassword
                | Action::ResetPassword(_)
                | Action::Unlock(_)
                | Action::Import(..)
                | Action::ToSsh(_)
                | Action::Rollback(_)
        );
        secret || (parsed.command.confirm.is_some() && !parsed.yes)
    })
}

/// Carries one line out.
pub fn line(session: &mut Session, line: &str, manner: Manner) -> Outcome {
    let role = session.welcome.role;
    let logged = loggable(line);
    let parsed = match parse(line, role) {
        Ok(parsed) => parsed,
        Err(error) if line.trim().is_empty() => {
            debug_assert!(matches!(error.mistake, mmp_grammar::Mistake::Empty));
            return Outcome::Next(Status::Done);
        }
        Err(error) => {
            let _ = session.call(&logged, Request::Noted, false);
            output::error(&error.message(role));
            if let Some(hint) = error.hint() {
                output::error(&hint);
            }
            let denied = error.mistake == mmp_grammar::Mistake::Denied;
            return Outcome::Next(if denied { Status::Denied } else { Status::Usage });
        }
    };
    // What mmpd will not permit is not asked about first. It refuses, and that is what the log should say.
    let forbidden = parsed.action.probe().filter(|request| !roles::permits(role, request));
    if let Some(Err(error)) = forbidden.map(|request| session.call(&logged, request, false)) {
        output::error(&report(&error));
        return Outcome::Next(Status::from(&error));
    }
    // A question about what cannot be done at all is not asked.
    let checked = match parsed.action.check().map(|check| session.call(&logged, check, true)).transpose() {
        Ok(checked) => checked,
        Err(error) => {
            output::error(&report(&error));
            return Outcome::Next(Status::from(&error));
        }
    };
    if let Some(warnings) = checked.as_ref().map(render::reply).filter(|text| !text.is_empty()) {
        output::write(&format!("{warnings}\n"));
    }
    let question = parsed.command.confirm.filter(|_| !parsed.yes);
    if let Some(Err(status)) = question.map(|question| confirm(question, manner.questions)) {
        let _ = session.call(&logged, Request::Noted, false);
        return Outcome::Next(status);
    }
    let mut line = Line { session, logged: &logged, manner, parsed: &parsed, checked };
    match line.act() {
        Ok(outcome) => outcome,
        Err(error) => {
            output::error(&report(&error));
            Outcome::Next(Status::from(&error))
        }
    }
}

fn confirm(question: &str, terminal: bool) -> Result<(), Status> {
    if !terminal {
        output::error(
            "Not confirmed: there is no terminal to ask on. Nothing was done.\nAdd '--yes' to go on without a question",
        );
        return Err(Status::Refused);
    }
    output::write(&format!("{question} "));
    let answer = input::line(None);
    match answer {
        Ok(answer) if answer.as_slice() == b"Y" => Ok(()),
        answer => {
            // The line feed that a person typed is missing after Ctrl-C and at the end of input.
            output::write(if answer.is_ok() { "Aborted\n" } else { "\nAborted\n" });
            Err(Status::Refused)
        }
    }
}

/// What happened, what is now true, what to type next.
pub fn report(error: &ClientError) -> String {
    match error {
        ClientError::Refused(refusal) => refused(refusal),
        ClientError::Lost(error) if error.kind() == std::io::ErrorKind::Interrupted => {
            "Given up; whether the command was carried out is not known\nShow the settings to see what is in force"
                .into()
        }
        ClientError::Lost(_) => "The management daemon went away; whether the command was carried out is not known\n\
                                 Show the settings to see what is in force"
            .into(),
        ClientError::Unreachable(_) => "The management daemon does not answer. Nothing was done.\n\
                                        Type the command again; if it stays so, restart the appliance"
            .into(),
        other => format!("{other}\nType the command again"),
    }
}

fn refused(refusal: &Refusal) -> String {
    let lines = [Some(&refusal.message), refusal.state.as_ref(), refusal.hint.as_ref()];
    lines.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("\n")
}

struct Line<'a> {
    session: &'a mut Session,
    logged: &'a str,
    manner: Manner,
    parsed: &'a Parsed,
    /// What mmpd said to [`Action::check`].
    checked: Option<Reply>,
}

impl Line<'_> {
    fn act(&mut self) -> Result<Outcome, ClientError> {
        let role = self.session.welcome.role;
        match self.parsed.action.clone() {
            Action::Request(request) if self.parsed.command.streams && self.parsed.condition.is_none() => {
                self.stream(request)?;
            }
            Action::Request(Request::Syslog(Syslog::Page(_))) if self.parsed.condition.is_none() => self.page()?,
            Action::Request(request) => self.ask(request)?,
            Action::AddUser(user, role) => {
                self.check(Request::User(User::CheckAdd(user.clone(), role)))?;
                return self.new_password(&|secret| Request::User(User::Add(user.clone(), role, secret)));
            }
            Action::ChangePassword => return self.change_password(),
            Action::ResetPassword(user) => return self.reset_password(&user),
            Action::Unlock(file) => {
                return self.opened("key", |passphrase| Pki::Unlock(file, passphrase));
            }
            Action::Import(file, name) => {
                return self.opened("file", |passphrase| Pki::Import(file, name, passphrase));
            }
            Action::ToSsh(user) => return self.opened("file", |passphrase| Pki::ToSsh(user, passphrase)),
            Action::Rollback(name) => return self.rollback(name),
            Action::Help(family) => {
                self.note();
                self.print(&family.map_or_else(|| help::all(role), |family| help::family(family, role)));
            }
            Action::List(line) => {
                self.note();
                let found = listing::completion(self.session, &line, line.len());
                self.print(&listing::list(&found));
            }
            Action::Exit => {
                self.note();
                return Ok(Outcome::Exit);
            }
        }
        Ok(Outcome::Next(Status::Done))
    }

    /// Leaves the line in the log; that must not keep anybody from help or from leaving.
    fn note(&mut self) {
        let _ = self.session.call(self.logged, Request::Noted, false);
    }

    fn print(&self, text: &str) {
        output::text(text, &self.parsed.filters, self.manner.pages);
    }

    /// The request, on condition when the line says so.
    fn conditional(&self, request: Request) -> Request {
        match &self.parsed.condition {
            Some(condition) => Request::Trial(Trial::Change(condition.within, Box::new(request))),
            None => request,
        }
    }

    fn ask(&mut self, request: Request) -> Result<(), ClientError> {
        let request = self.conditional(request);
        let reply = self.session.call(self.logged, request, self.parsed.command.show)?;
        let text = if self.parsed.json { render::json(&reply) } else { render::reply(&reply) };
        self.print(&text);
        Ok(())
    }

    /// A log, a piece at a time as it is read on.
    fn page(&mut self) -> Result<(), ClientError> {
        let (logged, filters) = (self.logged, &self.parsed.filters);
        let session = &mut *self.session;
        let mut place = Some(None);
        let mut failed = None;
        let mut piece = || -> Vec<String> {
            let Some(after) = place.take() else { return Vec::new() };
            match session.call(logged, Request::Syslog(Syslog::Page(after)), true) {
                Ok(Reply::LogPage(LogPage { lines, next })) => {
                    place = next.map(Some);
                    return lines;
                }
                Ok(_) => failed = Some(ClientError::Unexpected),
                Err(error) => failed = Some(error),
            }
            Vec::new()
        };
        if self.manner.pages && filters.is_empty() {
            output::pages(&mut piece);
        } else {
            let mut out = Lines { filters, ..Lines::default() };
            loop {
                let lines = piece();
                if lines.is_empty() {
                    break;
                }
                out.take(&format!("{}\n", lines.join("\n")));
            }
            out.end();
        }
        failed.map_or(Ok(()), Err)
    }

    /// Asks whether the command would be carried out, before its secrets are asked for.
    fn check(&mut self, request: Request) -> Result<(), ClientError> {
        self.session.call(self.logged, request, true).map(drop)
    }

    fn stream(&mut self, request: Request) -> Result<(), ClientError> {
        let mut lines = Lines { filters: &self.parsed.filters, ..Lines::default() };
        let reply = self.session.call_streaming(self.logged, request, false, &mut |text| lines.take(text))?;
        lines.end();
        let rest = render::reply(&reply);
        // Nothing more is no text of its own: it would be counted as one.
        if !rest.is_empty() {
            self.print(&rest);
        }
        Ok(())
    }

    /// Asks for a new password until mmpd takes it.
    fn new_password(&mut self, request: &dyn Fn(mmp_control::Secret) -> Request) -> Result<Outcome, ClientError> {
        for _ in 0..ATTEMPTS {
            match password::ask_new(self.manner.questions) {
                Ok(secret) => match self.session.call(self.logged, self.conditional(request(secret)), false) {
                    Ok(reply) => {
                        output::write("Success\n");
                        if self.parsed.condition.is_some() {
                            self.print(&render::reply(&reply));
                        }
                        return Ok(Outcome::Next(Status::Done));
                    }
                    Err(ClientError::Refused(refusal)) if self.manner.questions && retry(&refusal) => {
                        output::error(&refused(&refusal));
                    }
                    Err(error) => return Err(error),
                },
                Err(reason) => {
                    output::error(reason.message());
                    if !self.manner.questions || reason == NoPassword::Ended {
                        break;
                    }
                }
            }
        }
        Ok(Outcome::Next(Status::Refused))
    }

    fn change_password(&mut self) -> Result<Outcome, ClientError> {
        match password::ask("Please enter current password:", self.manner.questions) {
            Ok(old) => self.new_password(&|new| Request::User(User::ChangeOwn { old: Some(old.clone()), new })),
            Err(reason) => {
                output::error(reason.message());
                Ok(Outcome::Next(Status::Refused))
            }
        }
    }

    fn rollback(&mut self, name: BackupName) -> Result<Outcome, ClientError> {
        let wants_key = matches!(&self.checked, Some(Reply::BackupCheck(check)) if check.wants_key);
        let key = if wants_key {
            match password::ask("Please enter the backup key of the appliance that took it:", self.manner.questions) {
                Ok(key) => Some(key),
                Err(reason) => {
                    output::error(reason.message());
                    return Ok(Outcome::Next(Status::Refused));
                }
            }
        } else {
            None
        };
        self.ask(Request::Backup(Backup::Rollback { name, key }))?;
        Ok(Outcome::Next(Status::Done))
    }

    /// What needs the passphrase of a `key` or `file`.
    fn opened(&mut self, what: &str, ask: impl FnOnce(Secret) -> Pki) -> Result<Outcome, ClientError> {
        match password::ask(&format!("Please enter the passphrase of the {what}:"), self.manner.questions) {
            Ok(passphrase) => {
                self.ask(Request::Pki(ask(passphrase)))?;
                Ok(Outcome::Next(Status::Done))
            }
            Err(reason) => {
                output::error(reason.message());
                Ok(Outcome::Next(Status::Refused))
            }
        }
    }

    fn reset_password(&mut self, user: &Username) -> Result<Outcome, ClientError> {
        if *user == self.session.welcome.user {
            return self.change_password();
        }
        self.check(Request::User(User::CheckReset(user.clone())))?;
        self.new_password(&|new| Request::User(User::Reset(user.clone(), new)))
    }
}

/// Whether another new password may be taken where this one was not.
fn retry(refusal: &Refusal) -> bool {
    refusal.kind == mmp_control::Kind::BadValue
}

/// Output that comes bit by bit, filtered by lines.
#[derive(Default)]
struct Lines<'a> {
    filters: &'a [Filter],
    pending: String,
    all: String,
    /// What was written last did not end its line; a prompt would be drawn over it.
    unfinished: bool,
}

impl Lines<'_> {
    fn take(&mut self, text: &str) {
        if self.filters.is_empty() {
            output::write(text);
            self.unfinished = !text.ends_with('\n');
            return;
        }
        self.pending.push_str(text);
        while let Some(end) = self.pending.find('\n') {
            let line: String = self.pending.drain(..=end).collect();
            self.line(line.trim_end_matches('\n'));
        }
    }

    /// What is counted is told at the end, also when there was nothing.
    fn counts(&self) -> bool {
        self.filters.iter().any(|filter| filter.kind == mmp_grammar::FilterKind::Count)
    }

    fn line(&mut self, line: &str) {
        if self.counts() {
            self.all.push_str(line);
            self.all.push('\n');
        } else if self.filters.iter().all(|filter| filter.keeps(line)) {
            output::write(&format!("{line}\n"));
        }
    }

    fn end(&mut self) {
        if self.unfinished {
            output::write("\n");
        }
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.line(&rest);
        }
        if self.counts() {
            output::write(&format!("{}\n", output::filtered(&self.all, self.filters)));
        }
    }
}
