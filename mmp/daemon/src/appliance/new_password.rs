//! A new password on its way into the settings: its rules, then its hash.
//!
//! Invariant: this is the slow part of a change (hashes, the word list), so it is done before anybody else is kept
//! waiting; the settings keep the hash and nothing else of it.

use mmp_control::{Kind, Refusal, Request, Secret, request::User};
use mmp_model::{Username, account::PasswordHash};

use super::Appliance;
use crate::{
    change::user::may_change_own,
    dictionary,
    observe::clock,
    password::{self, Proposal},
};

impl Appliance {
    /// The hash of the new password that the request brings, if it brings one and that meets the rules.
    pub(super) fn new_hash(&self, asking: &Username, request: &Request) -> Result<Option<PasswordHash>, Refusal> {
        let settings = self.settings();
        let (rules, account) = (&settings.accounts.rules, |user| settings.accounts.accounts.get(user));
        let proposal = match request {
            Request::User(User::Add(user, _, new)) => Proposal { new, user, account: None, old: None },
            // Whoever sets another's password does not know the present one.
            Request::User(User::Reset(user, new)) => Proposal { new, user, account: account(user), old: None },
            Request::User(User::ChangeOwn { old, new }) => {
                let given = old.clone().or_else(|| self.given.of(asking));
                let account = account(asking);
                account.map_or(Ok(()), |account| may_change_own(account, rules, clock::now()))?;
                let proposal = Proposal { new, user: asking, account, old: given.as_ref() };
                if proposal.lacks_old(rules) {
                    return Err(Refusal::new(Kind::Conflict, "The present password is not known any more")
                        .hint("log in again with the present password to replace it"));
                }
                return self.checked(new, proposal).map(Some);
            }
            _ => return Ok(None),
        };
        self.checked(proposal.new, proposal).map(Some)
    }

    fn checked(&self, new: &Secret, proposal: Proposal) -> Result<PasswordHash, Refusal> {
        let files = self.system.paths.files();
        proposal.check(&self.settings().accounts.rules, |word| dictionary::has(&files, word))?;
        password::hash(new)
    }
}
