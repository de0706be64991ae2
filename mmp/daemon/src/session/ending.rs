//! The end of logins: `user evict`, and what follows from a new password or an account that is gone; and `user unlock`.
//!
//! Invariant: the conversation that asks goes on, and so do the programs that carry it; of all others of the account
//! nothing is left when the answer is given.

use mmp_control::{Kind, Refusal, Reply, Request, request::User};
use mmp_model::Username;

use super::{Progress, Session};
use crate::{change::user::no_such_user, evict, journal, observe::clock};

impl Session<'_> {
    /// Whoever came in by a password or an account that is no more has to come in again.
    pub(super) fn end_stale_sessions(&self, request: &Request, number: Option<u32>, progress: &Progress) {
        let name = match request {
            Request::User(User::Del(name) | User::Reset(name, _)) => name,
            Request::User(User::ChangeOwn { .. }) => &self.user,
            _ => return,
        };
        self.appliance.given.forget(name);
        if let (Some(token), Some(account)) = (self.token, self.appliance.settings().accounts.accounts.get(&self.user))
        {
            self.appliance.web.carry_on(&token, account);
        }
        if let Some(number) = number
            && let Err(error) = self.end_logins(name, number, progress)
        {
            journal::error(&format!("logins of {name} could not be ended: {error}"));
        }
    }

    /// Ends an account's logins but the one that asks: the conversations, and the programs that would only begin new
    /// ones.
    fn end_logins(&self, name: &Username, number: u32, progress: &Progress) -> std::io::Result<()> {
        let own = *name == self.user;
        self.appliance.sessions.end(name, own.then_some(progress.seat));
        self.appliance.web.end_all(name, self.token.filter(|_| own));
        if self.appliance.system.device { evict::processes_of(number, own.then_some(progress.pid)) } else { Ok(()) }
    }

    /// The number that the kernel knows the account by.
    pub(super) fn number_of(&self, name: &Username) -> Option<u32> {
        self.appliance.settings().accounts.accounts.get(name).map(|account| account.uid)
    }

    /// `user evict`.
    pub(super) fn evict(&self, name: &Username, progress: &Progress) -> Result<Reply, Refusal> {
        let number = self.number_of(name).ok_or_else(|| no_such_user(name))?;
        self.end_logins(name, number, progress).map_err(|error| {
            Refusal::new(Kind::Internal, format!("The logins of {name} were not all ended: {error}"))
                .hint("type the command again; `reboot` ends every login")
        })?;
        journal::login(&format!("Logins of {name} were ended by {} from {}", self.user, self.origin));
        Ok(Reply::Nothing)
    }

    /// `user unlock`.
    pub(super) fn unlock(&self, name: &Username) -> Result<Reply, Refusal> {
        self.number_of(name).ok_or_else(|| no_such_user(name))?;
        self.appliance.logins.unlock(name, clock::now());
        journal::login(&format!("User {name} was unlocked by {} from {}", self.user, self.origin));
        Ok(Reply::Nothing)
    }
}
