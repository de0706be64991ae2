//! Conversations of the `webadmin` service: sign-in, and requests for who has signed in.
//!
//! Invariants: only the service's own user, or who runs mmpd, is listened to; each request names the session by its
//! token until [`Web::Act`], and from then on the conversation is that session's and nobody else's.

#[cfg(test)]
mod tests;

use mmp_control::{
    Answer, Ask, Code, Kind, Program, Refusal, Reply, Request, Secret,
    reply::SignedIn,
    request::{Surface, User, Web},
    roles,
};
use mmp_model::{Role, Username, account::Account};

use super::{LONGEST_ORIGIN, Progress, Session, bounded};
use crate::{
    access,
    appliance::{Appliance, Asked},
    connection::{Connection, ConnectionError},
    journal,
    observe::clock,
    web_sessions::TokenHash,
};

/// The service's user on the image.
const SERVICE: &str = "webadmin";

/// Holds the conversation.
pub(super) fn hold(appliance: &Appliance, connection: &mut Connection, uid: u32) -> Result<(), ConnectionError> {
    if uid != nix::unistd::geteuid().as_raw() && appliance.system_user(SERVICE) != Some(uid) {
        journal::warning(&format!("user number {uid} is not the service `{SERVICE}` and was turned away"));
        return connection.send(&Answer::Refused(Refusal::denied()));
    }
    connection.send(&Answer::Ready)?;
    while let Some(ask) = connection.receive::<Ask>()? {
        let Ask::Call(call) = ask else { continue };
        let answer = match &call.request {
            Request::Web(Web::SignIn { user, password, new_password, surface, origin }) => {
                let origin = bounded(origin, LONGEST_ORIGIN);
                let door = Door { appliance, surface: *surface, origin: &origin };
                door.sign_in(user, password, new_password.as_ref(), connection)
            }
            Request::Web(Web::Act { token, origin }) => match session(appliance, token, origin) {
                Ok(session) => return session.run(connection, Program::Webadmin),
                Err(refusal) => Err(refusal),
            },
            Request::Web(Web::Check { token, origin }) => check(appliance, token, origin).map(Reply::WebSession),
            Request::Web(Web::SignOut { token }) => {
                if let Some((user, origin)) = appliance.web.end(&TokenHash::of(token)) {
                    journal::login(&format!("User {user} signed out, from {origin}"));
                }
                Ok(Reply::Nothing)
            }
            _ => Err(Refusal::denied()),
        };
        connection.send(&answer.map_or_else(Answer::Refused, Answer::Done))?;
    }
    Ok(())
}

/// The refusal of a token that is no session's any more.
pub(super) fn over() -> Refusal {
    Refusal::new(Kind::Denied, "The session has ended").hint("sign in again").code(Code::SessionOver)
}

fn check(appliance: &Appliance, token: &Secret, origin: &str) -> Result<mmp_control::reply::WebSession, Refusal> {
    let session = appliance.web.look(&TokenHash::of(token), &appliance.settings()).ok_or_else(over)?;
    if !access::is_at_its_host(appliance, &session.user, origin) {
        return Err(Refusal::new(Kind::Denied, "Use of this session from there is not permitted").code(Code::Host));
    }
    Ok(session)
}

fn session<'a>(appliance: &'a Appliance, token: &Secret, origin: &str) -> Result<Session<'a>, Refusal> {
    let user = check(appliance, token, origin)?.user;
    Ok(Session { appliance, user, origin: bounded(origin, LONGEST_ORIGIN), token: Some(TokenHash::of(token)) })
}

/// Somebody signs in.
struct Door<'a> {
    appliance: &'a Appliance,
    surface: Surface,
    origin: &'a str,
}

impl Door<'_> {
    fn sign_in(
        &self,
        typed: &str,
        password: &Secret,
        new: Option<&Secret>,
        connection: &Connection,
    ) -> Result<Reply, Refusal> {
        let name = access::sign_in(self.appliance, (typed, password), self.surface, self.origin)?;
        let settings = self.appliance.settings();
        let account = settings.accounts.accounts.get(&name).ok_or_else(over)?;
        if self.must_change(account) {
            let Some(new) = new else {
                journal::login(&format!("Login of {name} from {} refused: password expired", self.origin));
                return Err(Refusal::new(Kind::PasswordExpired, "Password has expired")
                    .hint("give a new one with the present one")
                    .code(Code::PasswordExpired));
            };
            self.replace(&name, password, new, connection)?;
        }
        access::signed_in(self.appliance, &name, self.surface, self.origin);
        let settings = self.appliance.settings();
        let account = settings.accounts.accounts.get(&name).ok_or_else(over)?;
        let begun = self.appliance.web.begin((&name, account), self.surface, self.origin);
        let (token, session) = begun.map_err(|error| {
            Refusal::new(Kind::Internal, format!("No session can be opened: {error}")).hint("try again")
        })?;
        let record = self.appliance.logins.of(&name);
        let mut notices = Vec::new();
        if account.role == Role::Admin {
            self.appliance.end_recovery(&format!("{name} could log in"));
            if self.surface == Surface::Pages {
                notices = self.appliance.notices();
            }
        }
        Ok(Reply::SignedIn(SignedIn {
            token,
            session,
            failed_logins: record.failed_before,
            last_login: record.previous,
            notices,
        }))
    }

    /// Programs that act by role `api` cannot be asked for a new password, so theirs expires by age alone (`mmp.md`
    /// section 2.2, `user expire`).
    fn must_change(&self, account: &Account) -> bool {
        let settings = self.appliance.settings();
        let (rules, now) = (&settings.accounts.rules, clock::now_for_ages());
        let by_hand = account.expired && roles::may_use(account.role, Surface::Pages);
        by_hand || now >= account.expiry(rules)
    }

    /// The forced change, by the request that the shell makes for it.
    fn replace(&self, name: &Username, old: &Secret, new: &Secret, connection: &Connection) -> Result<(), Refusal> {
        let (user, origin) = (name.clone(), self.origin.to_owned());
        let session = Session { appliance: self.appliance, user: user.clone(), origin: origin.clone(), token: None };
        let broken = |error| Refusal::new(Kind::Internal, format!("The conversation broke: {error}"));
        let stream = connection.handle().map_err(broken)?;
        let pid = connection.peer_pid().map_err(broken)?;
        let entered = self.appliance.sessions.enter(user, Program::Webadmin, origin, stream, None);
        let seat = entered.ok_or_else(Refusal::denied)?;
        let mut progress =
            Progress { seat: seat.id(), pid, folder: None, reader: self.appliance.news.reader(seat.id()) };
        let request = Request::User(User::ChangeOwn { old: Some(old.clone()), new: new.clone() });
        journal::command(name.as_str(), self.origin, "passwd", true);
        let number = session.number_of(name);
        let asked = Asked { user: name, author: session.author("passwd"), seat: seat.id(), within: None };
        let changed = self.appliance.change(&asked, &request, &mut progress.reader);
        changed.unwrap_or_else(|| Err(Refusal::denied())).inspect_err(|refusal| {
            journal::refused(name.as_str(), "passwd", &refusal.message);
        })?;
        journal::done(name.as_str(), self.origin, "passwd");
        journal::settle();
        session.end_stale_sessions(&request, number, &progress);
        Ok(())
    }
}
