//! One conversation from its opening to its end: who is it, may they, what is the answer, and a line in the log.
//!
//! Invariants: who it is comes from the kernel alone; nothing but a new password is answered while the old one has
//! expired; every command leaves one line in the log before it is carried out, but for those by which a page or a program
//! only looks.

mod ending;
mod looks;
#[cfg(test)]
mod strangers;
mod web;

use std::{os::unix::net::UnixStream, time::Duration};

use mmp_control::{
    Answer, Ask, Call, Hello, Kind, Program, Refusal, Reply, Request, Welcome,
    request::{self, Backup, Trial, User},
    roles,
};
use mmp_model::{Host, Role, Username, dns::Dns, rules::Rule};

use crate::{
    access,
    admission::peer,
    appliance::{Appliance, Asked, conditional::Rest},
    apply,
    brake::Source,
    capture, change,
    connection::{Connection, ConnectionError},
    files::Folder,
    journal, license, logs,
    news::Reader,
    observe::clock,
    password::{self, Lane},
    pki::{self, uploads},
    plan::Daemon,
    probe, setting_files, show,
    store::Author,
    web_sessions::TokenHash,
};

/// A peer that has nothing to say at first is not worth a thread.
const OPENING: Duration = Duration::from_secs(10);
/// Longest origin that is taken into the log.
const LONGEST_ORIGIN: usize = 64;
/// Longest line that is taken into the log.
const LONGEST_LINE: usize = 1024;

/// Holds the conversation; an error is its early end, and nobody's fault but the peer's.
pub fn hold(appliance: &Appliance, stream: UnixStream) -> Result<(), ConnectionError> {
    stream.set_read_timeout(Some(OPENING))?;
    let mut connection = Connection::new(stream);
    let Some(hello) = connection.receive::<Hello>()? else { return Ok(()) };
    connection.handle()?.set_read_timeout(None)?;
    let uid = connection.peer_uid()?;
    match hello.program {
        Program::Access => return doors(appliance, &mut connection, uid),
        Program::Webadmin => return web::hold(appliance, &mut connection, uid),
        Program::Shell | Program::Sftp => {}
    }
    let settings = appliance.settings();
    let Some((user, _)) = settings.accounts.by_uid(uid) else {
        journal::warning(&format!("a program of user number {uid}, which is no account, was turned away"));
        return connection.send(&Answer::Refused(Refusal::denied()));
    };
    Session { appliance, user: user.clone(), origin: bounded(&hello.origin, LONGEST_ORIGIN), token: None }
        .run(&mut connection, hello.program)
}

/// Root's programs that let people in.
fn doors(appliance: &Appliance, connection: &mut Connection, uid: u32) -> Result<(), ConnectionError> {
    if uid != nix::unistd::geteuid().as_raw() {
        journal::warning(&format!("user number {uid} asked for passwords to be checked and was turned away"));
        return connection.send(&Answer::Refused(Refusal::denied()));
    }
    connection.send(&Answer::Ready)?;
    while let Some(ask) = connection.receive::<Ask>()? {
        let Ask::Call(call) = ask else { continue };
        let answer = match &call.request {
            Request::Access(ask) => access::answer(appliance, ask),
            _ => Err(Refusal::denied()),
        };
        connection.send(&answer.map_or_else(Answer::Refused, Answer::Done))?;
    }
    Ok(())
}

struct Session<'a> {
    appliance: &'a Appliance,
    user: Username,
    origin: String,
    /// Of the web session that it belongs to.
    token: Option<TokenHash>,
}

impl<'a> Session<'a> {
    fn run(&self, connection: &mut Connection, program: Program) -> Result<(), ConnectionError> {
        // A web session was counted when it was opened.
        let most = self.appliance.settings().accounts.rules.number(Rule::MaxSessions).filter(|_| self.token.is_none());
        let (user, origin, stream) = (self.user.clone(), self.origin.clone(), connection.handle()?);
        let Some(seat) = self.appliance.sessions.enter(user, program, origin, stream, most) else {
            journal::login(&format!("Session of {} from {} refused: too many logins", self.user, self.origin));
            return connection.send(&Answer::Refused(access::too_many(most.unwrap_or_default())));
        };
        let Some((role, expired)) = self.standing() else {
            return connection.send(&Answer::Refused(Refusal::denied()));
        };
        if role == Role::Admin && self.token.is_none() {
            self.appliance.end_recovery(&format!("{} could log in", self.user));
        }
        let record = self.appliance.logins.of(&self.user);
        let mut notices = Vec::new();
        if role == Role::Admin && program == Program::Shell {
            notices = self.appliance.notices();
            let others = self.appliance.sessions.elsewhere(&self.user, &self.origin).into_iter();
            let others = others.chain(self.appliance.web.elsewhere());
            notices.extend(others.map(|who| format!("Also logged in: {who}")));
        }
        connection.send(&Answer::Opened(Welcome {
            user: self.user.clone(),
            role,
            hostname: self.appliance.running_hostname.clone(),
            must_change_password: expired,
            failed_logins: record.failed_before,
            last_login: record.previous,
            notices,
            motd: self.appliance.settings().texts.motd.as_ref().map(ToString::to_string),
        }))?;
        let mut progress = Progress {
            seat: seat.id(),
            pid: connection.peer_pid()?,
            folder: None,
            reader: self.appliance.news.reader(seat.id()),
        };
        while let Some(ask) = connection.receive::<Ask>()? {
            let Ask::Call(call) = ask else { continue };
            if self.token.is_some_and(|token| !self.appliance.web.holds(&token, &self.appliance.settings())) {
                return connection.send(&Answer::Refused(web::over()));
            }
            // The role may have changed, and the account may be gone, since the conversation began.
            let Some((role, expired)) = self.standing() else { break };
            let line = bounded(&call.line, LONGEST_LINE);
            let permitted = self.authorise(role, expired, &call);
            if self.is_recorded(&call.request) || permitted.is_err() {
                journal::command(self.user.as_str(), &self.origin, &line, permitted.is_ok());
            }
            match permitted.and_then(|()| self.carry_out(role, &line, &call.request, connection, &mut progress)) {
                Ok(Outcome::Shown(reply)) => {
                    self.note_done(&line, &call.request);
                    connection.send(&Answer::Done(reply))?;
                }
                Ok(Outcome::Answered) => self.note_done(&line, &call.request),
                Ok(Outcome::Reply(reply)) => {
                    self.note_done(&line, &call.request);
                    // What changed something is on record for good before it is answered.
                    journal::settle();
                    connection.send(&Answer::Done(reply))?;
                }
                Ok(Outcome::ReplyFirst(reply, rest)) => {
                    journal::settle();
                    // Whether or not anybody is there to read the answer, what was promised is done.
                    let sent = connection.send(&Answer::Done(reply));
                    rest.carry_out();
                    self.note_done(&line, &call.request);
                    sent?;
                }
                Ok(Outcome::Descriptor(reply, descriptor)) => {
                    self.note_done(&line, &call.request);
                    connection.send_with(&Answer::Done(reply), &descriptor)?;
                }
                Ok(Outcome::Lost(error)) => return Err(error),
                Err(refusal) => {
                    journal::refused(self.user.as_str(), &line, &refusal.message);
                    connection.send(&Answer::Refused(refusal))?;
                }
            }
        }
        Ok(())
    }

    /// Whether the request leaves a line in the audit log. What a page shows when it is opened was not typed by anybody.
    fn is_recorded(&self, request: &Request) -> bool {
        is_command(request) && !(self.token.is_some() && looks::only_looks(request))
    }

    fn note_done(&self, line: &str, request: &Request) {
        if self.is_recorded(request) && !matches!(request, Request::Noted) {
            journal::done(self.user.as_str(), &self.origin, line);
        }
    }

    /// Role, and whether the password must be replaced; `None` when the account is gone.
    fn standing(&self) -> Option<(Role, bool)> {
        let settings = self.appliance.settings();
        let account = settings.accounts.accounts.get(&self.user)?;
        Some((account.role, account.must_change_password(&settings.accounts.rules, clock::now_for_ages())))
    }

    fn authorise(&self, role: Role, expired: bool, call: &Call) -> Result<(), Refusal> {
        if !roles::permits(role, &call.request) {
            return Err(Refusal::denied());
        }
        if expired && !show::allowed_while_expired(&call.request) {
            return Err(Refusal::new(Kind::PasswordExpired, "Password has expired")
                .hint("log in with ssh or at the console to set a new one"));
        }
        let request = match &call.request {
            Request::Trial(Trial::Change(_, request)) => request,
            request => request,
        };
        if let Request::User(User::ChangeOwn { old, .. }) = request {
            self.check_present(old.as_ref(), expired)?;
        }
        Ok(())
    }

    /// The present password is asked for again, unless it was given a moment ago to come in with an expired one.
    fn check_present(&self, old: Option<&mmp_control::Secret>, expired: bool) -> Result<(), Refusal> {
        let settings = self.appliance.settings();
        let account = settings.accounts.accounts.get(&self.user).ok_or_else(Refusal::denied)?;
        match old {
            None if expired => Ok(()),
            None => Err(wrong_password()),
            // Whoever finds a session open may guess here as little as at the door.
            Some(old) => {
                let source = Source::of(peer(&self.origin).is_none(), &self.origin);
                self.appliance.brake.wait(source)?;
                if !password::is_right(old, &account.password, Lane::Other) {
                    return Err(wrong_password());
                }
                self.appliance.brake.give_back(source);
                Ok(())
            }
        }
    }

    fn carry_out(
        &self,
        role: Role,
        line: &str,
        request: &Request,
        connection: &mut Connection,
        progress: &mut Progress<'a>,
    ) -> Result<Outcome<'_>, Refusal> {
        if let Some(reply) = show::answer(self.appliance, role, request) {
            return reply.map(Outcome::Shown);
        }
        if let Some((log, lines)) = logs::stream::wanted(request) {
            let answer = logs::stream::run(self.appliance, log, &lines, connection);
            return Ok(match answer.and_then(|answer| connection.send(&answer)) {
                Ok(()) => Outcome::Answered,
                Err(error) => Outcome::Lost(error),
            });
        }
        match request {
            Request::Pki(request::Pki::ToSsh(user, passphrase)) => {
                let (keys, file) = pki::pkcs12::with_key(self.appliance, user, passphrase)?;
                let Progress { seat, reader, .. } = progress;
                let asked = Asked { user: &self.user, author: self.author(line), seat: *seat, within: None };
                let set = Request::Ssh(request::Ssh::SetKeys(user.clone(), keys));
                self.appliance.change(&asked, &set, reader).unwrap_or_else(|| Err(Refusal::denied()))?;
                return Ok(Outcome::Reply(pki::pkcs12::spent(self.appliance, user, &file)));
            }
            Request::Pki(ask) => return pki::answer(self.appliance, ask, connection).map(Outcome::Reply),
            Request::LogBundle => return logs::bundle::generate(self.appliance).map(Outcome::Reply),
            Request::Syslog(request::Syslog::Rotate(name)) => {
                return logs::rotation::rotate(self.appliance, name).map(Outcome::Reply);
            }
            Request::File(ask) => {
                self.spare_used_files(ask)?;
                if !matches!(ask, request::File::List | request::File::Stat(_) | request::File::Open(_)) {
                    self.appliance.not_restarting()?;
                }
                let (path, appliance) = (self.appliance.system.paths.files(), self.appliance);
                let settings = self.appliance.settings();
                let Progress { seat, folder, reader, .. } = progress;
                let folder = folder.get_or_insert_with(|| Folder::new(path, role, appliance));
                let mut change = |request: &Request| {
                    let asked = Asked { user: &self.user, author: self.author(line), seat: *seat, within: None };
                    let changed = self.appliance.change(&asked, request, reader);
                    changed.unwrap_or_else(|| Err(Refusal::denied())).map(drop)
                };
                let examined = license::examine(self.appliance, folder, ask)
                    .and_then(|()| uploads::examine(&settings, folder, ask));
                let note = match examined {
                    Ok(note) => note,
                    Err(refusal) => {
                        // What is refused must not stay behind as an upload that is never done.
                        if let request::File::Commit { ticket } = ask {
                            folder.answer(&request::File::Abandon { ticket: *ticket })?;
                        }
                        return Err(refusal);
                    }
                };
                let (reply, descriptor) = setting_files::answer(&settings, ask, folder, &mut change)?;
                if let Some(note) = note {
                    journal::info(&note);
                    self.appliance.news.add(Some(*seat), format!("{} from {}: {note}", self.user, self.origin), []);
                }
                return Ok(match descriptor {
                    Some(descriptor) => Outcome::Descriptor(reply, descriptor),
                    None => Outcome::Reply(reply),
                });
            }
            Request::Probe(kind, host) => {
                self.await_names(host);
                let answer = probe::run(*kind, host, self.appliance.system.device, connection);
                return Ok(match answer.and_then(|answer| connection.send(&answer)) {
                    Ok(()) => Outcome::Answered,
                    Err(error) => Outcome::Lost(error),
                });
            }
            Request::Pcap(letter, ask) => {
                change::present(*letter, &self.appliance.letters())?;
                let (running, folder) = (&self.appliance.capturing, self.appliance.system.paths.files());
                let answer = capture::run(running, (*letter, ask), (self.user.as_str(), &folder), connection);
                return Ok(match answer.and_then(|answer| connection.send(&answer)) {
                    Ok(()) => Outcome::Answered,
                    Err(error) => Outcome::Lost(error),
                });
            }
            Request::Webadmin(request::Webadmin::Restart) => {
                return self.appliance.restart_webadmin().map(Outcome::Reply);
            }
            Request::Power(power) => return self.power(*power).map(Outcome::Reply),
            Request::Date(request::Date::Set(at)) => return self.set_clock(*at).map(Outcome::Reply),
            Request::User(User::Evict(name)) => return self.evict(name, progress).map(Outcome::Reply),
            Request::User(User::Unlock(name)) => return self.unlock(name).map(Outcome::Reply),
            _ => {}
        }
        let author = self.author(line);
        let (request, within) = match request {
            Request::Backup(ask) => return self.backup(ask, &author, connection).map(Outcome::Reply),
            Request::FactoryReset(scope) => {
                return self.appliance.factory_reset(*scope, &author).map(Outcome::Reply);
            }
            Request::News => {
                self.appliance.notes.told(self.user.as_str());
                let lines = self.appliance.news.tell(&mut progress.reader);
                // An administrator's commands are no other role's to read.
                return Ok(Outcome::Reply(Reply::News(if role == Role::Admin { lines } else { Vec::new() })));
            }
            Request::Trial(Trial::Extend(within)) => {
                return self.appliance.extend_trial(&self.user, *within).map(Outcome::Reply);
            }
            Request::Trial(Trial::Confirm) => {
                return self.appliance.confirm_trial(&self.user, &author).map(Outcome::Reply);
            }
            Request::Trial(Trial::Undo) => return self.appliance.undo_trial(&self.user).map(Outcome::Reply),
            Request::Trial(Trial::Change(within, request)) => (request.as_ref(), Some(*within)),
            plain => (plain, None),
        };
        // Looked up before the account may be gone.
        let number = match request {
            Request::User(User::Del(name) | User::Reset(name, _)) => self.number_of(name),
            _ => self.number_of(&self.user),
        };
        let asked = Asked { user: &self.user, author, seat: progress.seat, within };
        let changed = self.appliance.change(&asked, request, &mut progress.reader);
        let no_change = if within.is_some() {
            Refusal::new(Kind::BadValue, "'try' is for commands that change settings")
        } else {
            Refusal::denied()
        };
        let changed = changed.unwrap_or(Err(no_change))?;
        self.end_stale_sessions(request, number, progress);
        Ok(match changed.rest {
            Some(rest) => Outcome::ReplyFirst(changed.reply, rest),
            None => Outcome::Reply(changed.reply),
        })
    }

    /// Right after a boot a name resolves once the network has come up and the resolver with it.
    fn await_names(&self, host: &Host) {
        if matches!(host, Host::Name(_)) && self.appliance.settings().dns != Dns::default() {
            // What is wrong with the resolver, the program says.
            let _ = self.appliance.await_running(Daemon::Unbound);
        }
    }

    /// For the restore point.
    fn author(&self, line: &str) -> Author {
        let (user, origin) = (self.user.to_string(), self.origin.clone());
        Author { user, origin, line: line.to_owned(), at: clock::now() }
    }

    fn backup(&self, ask: &Backup, author: &Author, connection: &mut Connection) -> Result<Reply, Refusal> {
        match ask {
            Backup::Snapshot(name) => self.appliance.snapshot(name, &mut || {
                // A sign of life; whether somebody sees it changes nothing.
                let _ = connection.send(&Answer::Text(".".into()));
            }),
            Backup::List => Ok(Reply::Backups(self.appliance.backups())),
            Backup::Check(name) => self.appliance.check_backup(name),
            Backup::Rollback { name, key } => self.appliance.rollback(name, key.as_ref(), author),
            Backup::Key => self.appliance.backup_key(),
        }
    }

    /// A file that a setting names stays where it is.
    fn spare_used_files(&self, ask: &request::File) -> Result<(), Refusal> {
        let (request::File::Remove(name) | request::File::Rename { from: name, .. }) = ask else { return Ok(()) };
        let settings = self.appliance.settings();
        let Some((command, _)) = settings.named_files().find(|(_, file)| *file == name) else { return Ok(()) };
        Err(Refusal::new(Kind::Conflict, format!("File in use by {command}: {name}"))
            .hint(format!("let go of it with `{command} none` first")))
    }

    fn power(&self, power: request::Power) -> Result<Reply, Refusal> {
        let (verb, text) = match power {
            request::Power::Reboot => ("reboot", "System will reboot now"),
            request::Power::Shutdown => ("poweroff", "System will shut down now"),
        };
        self.appliance.end_recovery("the appliance is restarted by command");
        self.appliance
            .system
            .power(verb)
            .map_err(|error| Refusal::new(Kind::Internal, format!("The system does not go down: {error}")))?;
        Ok(Reply::Notice(text.into()))
    }

    fn set_clock(&self, at: i64) -> Result<Reply, Refusal> {
        if !self.appliance.settings().ntp.servers.is_empty() {
            return Err(Refusal::new(Kind::Conflict, "The clock follows NTP servers")
                .hint("see `ntp status`; remove them with `ntp server del <server>` to set the clock by hand"));
        }
        if self.appliance.system.device {
            apply::clock::set(at)
                .map_err(|error| Refusal::new(Kind::Internal, format!("The clock was not set: {error}")))?;
        }
        Ok(Reply::Nothing)
    }
}

fn wrong_password() -> Refusal {
    Refusal::new(Kind::Denied, "Wrong password")
}

/// What an administrator did, and not what a program looked up on the way (completion, a directory's entries).
fn is_command(request: &Request) -> bool {
    !matches!(
        request,
        Request::Live(_) | Request::News | Request::Alarms
            | Request::File(request::File::List | request::File::Stat(_))
            // The pager's next piece.
            | Request::Syslog(request::Syslog::Page(Some(_)))
            // Asked on the way to the command itself, which follows.
            | Request::User(User::CheckAdd(..) | User::CheckReset(_))
            | Request::Backup(Backup::Check(_))
    )
}

/// What a conversation has got to.
struct Progress<'a> {
    seat: u64,
    /// The program at the other end.
    pid: i32,
    folder: Option<Folder<'a>>,
    reader: Reader,
}

enum Outcome<'a> {
    /// Something was looked at.
    Shown(Reply),
    /// Something was done.
    Reply(Reply),
    /// The answer goes first: the change may cut the connection that it travels on.
    ReplyFirst(Reply, Rest<'a>),
    Descriptor(Reply, std::os::fd::OwnedFd),
    /// The request has sent its own answer.
    Answered,
    /// The peer went away meanwhile.
    Lost(ConnectionError),
}

/// Text of a peer, short enough for a log line.
fn bounded(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
