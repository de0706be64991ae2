//! Accounts, their passwords and what they are bound to (`mmp.md` section 2).

use mmp_model::{Host, Role, Username, duty::Duty, rules::RuleChange};
use serde::{Deserialize, Serialize};

use crate::Secret;

/// `user`, `passwd`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum User {
    /// All accounts.
    List,
    /// One account.
    Info(Username),
    /// Could this account be added? Asked before its password is asked for.
    CheckAdd(Username, Role),
    /// Could this account's password be reset? Asked before the password is asked for.
    CheckReset(Username),
    /// A new account; its password is temporary.
    Add(Username, Role, Secret),
    /// Away with it.
    Del(Username),
    /// A new password at its next login.
    Expire(Username),
    /// The own password. `old` may be absent only while the password has expired.
    ChangeOwn {
        /// The present password.
        old: Option<Secret>,
        /// The one to be.
        new: Secret,
    },
    /// Another account's password, which is temporary then.
    Reset(Username, Secret),
    /// All rules.
    Rules,
    /// Sets a rule or takes it away.
    SetRule(RuleChange),
    /// One more host that it may log in from.
    AddHost(Username, Host),
    /// One host less; without any it may log in from everywhere.
    DelHost(Username, Host),
    /// When it may log in, or at any time.
    Duty(Username, Option<Duty>),
    /// Ends its logins.
    Evict(Username),
    /// Away with its lock.
    Unlock(Username),
}
