//! What a line comes down to.
//!
//! Invariant: an action holds no secret; commands that need one name only whom it is for, and the shell asks.

use mmp_control::{
    Request, Secret,
    request::{Backup, Pki, User},
};
use mmp_model::{FileName, Role, Username, backup::BackupName, certificates::Basename, restore::ConfirmTime};

use crate::table::{Command, Family};

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Ask mmpd.
    Request(Request),
    /// Ask for a password twice, then add the account.
    AddUser(Username, Role),
    /// Ask for the present password and twice for a new one.
    ChangePassword,
    /// Ask twice for another account's new password.
    ResetPassword(Username),
    /// Ask for the passphrase of a key, then remove it.
    Unlock(FileName),
    /// Ask for the passphrase of a PKCS#12 file, then make files of what it holds.
    Import(FileName, Option<Basename>),
    /// Ask for the passphrase of an account's PKCS#12 file, then take its public key.
    ToSsh(Username),
    /// Check a backup, ask for its key where it is another appliance's, and go back to it.
    Rollback(BackupName),
    /// Help on one family, or on all.
    Help(Option<&'static Family>),
    /// List what may follow this part of the line.
    List(String),
    /// End the session.
    Exit,
}

impl Action {
    /// The request by which the role table judges the action; none for what the shell does by itself.
    pub fn probe(&self) -> Option<Request> {
        let nothing = || Secret::new(String::new());
        match self {
            Self::Request(request) => Some(request.clone()),
            Self::AddUser(user, role) => Some(Request::User(User::CheckAdd(user.clone(), *role))),
            Self::ChangePassword => Some(Request::User(User::ChangeOwn { old: None, new: nothing() })),
            Self::ResetPassword(user) => Some(Request::User(User::Reset(user.clone(), nothing()))),
            Self::Unlock(file) => Some(Request::Pki(Pki::Unlock(file.clone(), nothing()))),
            Self::Import(file, name) => Some(Request::Pki(Pki::Import(file.clone(), name.clone(), nothing()))),
            Self::ToSsh(user) => Some(Request::Pki(Pki::ToSsh(user.clone(), nothing()))),
            Self::Rollback(name) => {
                Some(Request::Backup(Backup::Rollback { name: name.clone(), key: Some(nothing()) }))
            }
            Self::Help(_) | Self::List(_) | Self::Exit => None,
        }
    }

    /// What is asked of mmpd before a question is: whether the action could be done at all.
    pub fn check(&self) -> Option<Request> {
        match self {
            Self::Unlock(file) => Some(Request::Pki(Pki::CheckUnlock(file.clone()))),
            Self::Import(file, name) => Some(Request::Pki(Pki::CheckImport(file.clone(), name.clone()))),
            Self::ToSsh(user) => Some(Request::Pki(Pki::CheckToSsh(user.clone()))),
            Self::Rollback(name) => Some(Request::Backup(Backup::Check(name.clone()))),
            _ => None,
        }
    }
}

impl From<Request> for Action {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

/// What is left of the output after a `|`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Which lines.
    pub kind: FilterKind,
    /// Text to look for, as it stands.
    pub text: String,
}

/// The words after a `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterKind {
    /// Lines with the text.
    Include,
    /// Lines without the text.
    Exclude,
    /// How many lines there are.
    Count,
}

impl FilterKind {
    /// All of them with their word and line.
    pub const ALL: [(Self, &str, &str); 3] = [
        (Self::Include, "include", "Only lines that contain a text"),
        (Self::Exclude, "exclude", "Only lines that do not contain a text"),
        (Self::Count, "count", "The number of lines"),
    ];
}

impl Filter {
    /// Whether a line of output stays. [`FilterKind::Count`] keeps all; counting is the printer's.
    pub fn keeps(&self, line: &str) -> bool {
        match self.kind {
            FilterKind::Include => line.contains(&self.text),
            FilterKind::Exclude => !line.contains(&self.text),
            FilterKind::Count => true,
        }
    }
}

/// A line that was understood.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What is to be done.
    pub action: Action,
    /// The form that the line has.
    pub command: &'static Command,
    /// Print the reply as JSON.
    pub json: bool,
    /// The question of a destructive command is answered already.
    pub yes: bool,
    /// Filters on the output, in order.
    pub filters: Vec<Filter>,
    /// The line began with `try`: what it changes is undone unless confirmed.
    pub condition: Option<Condition>,
}

/// What `try` says.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The time to confirm in.
    pub within: ConfirmTime,
    /// The form of `try`.
    pub command: &'static Command,
}
