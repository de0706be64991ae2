//! Why a request was not carried out.
//!
//! Invariant: `message` is what happened (the documented line where there is one), `state` what is now true when that
//! is not "nothing changed", `hint` what to type next. Internal causes go to mmpd's log, not here.

use mmp_model::InvalidValue;
use serde::{Deserialize, Serialize};

/// The kind of a refusal; Web Admin's status codes and the shell's exit status follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A value is wrong.
    BadValue,
    /// The role may not do this.
    Denied,
    /// A new password comes first.
    PasswordExpired,
    /// What is named does not exist.
    Absent,
    /// It contradicts the present settings.
    Conflict,
    /// Not on this platform or not in this state.
    Unavailable,
    /// Our fault.
    Internal,
}

/// Why somebody did not come in, for programs that must tell these apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// No such account, or not its password.
    Wrong,
    /// Too many wrong passwords, or no login for too long.
    Locked,
    /// Too many wrong passwords from this address; later.
    Braked,
    /// The password must be replaced first.
    PasswordExpired,
    /// Not one of the account's hosts.
    Host,
    /// Not within the account's duty hours.
    Duty,
    /// The account's role has no business at this door.
    Role,
    /// As many logins as the rules permit.
    TooMany,
    /// The session has ended, or there never was one.
    SessionOver,
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(deny_unknown_fields)]
#[error("{message}")]
pub struct Refusal {
    /// The kind.
    pub kind: Kind,
    /// What happened, one line; or a checklist, a line each.
    pub message: String,
    /// What is now true, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What to type next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Why somebody did not come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
}

impl Refusal {
    /// A refusal with its line.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), state: None, hint: None, code: None }
    }

    /// Adds what to type next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what is now true.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// Adds why somebody did not come in.
    #[must_use]
    pub fn code(mut self, code: Code) -> Self {
        self.code = Some(code);
        self
    }

    /// `Permission denied` (`mmp.md` section 1.5).
    pub fn denied() -> Self {
        Self::new(Kind::Denied, "Permission denied")
    }
}

impl From<InvalidValue> for Refusal {
    fn from(value: InvalidValue) -> Self {
        Self::new(Kind::BadValue, value.to_string())
    }
}
