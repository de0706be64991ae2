//! Sessions of Web Admin.

use mmp_model::{Role, Username};
use serde::{Deserialize, Serialize};

use crate::{Login, Secret, request::Surface};

/// A new session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedIn {
    /// Names the session: 256 random bits in lower-case hexadecimal.
    pub token: Secret,
    /// Whose and how long.
    pub session: WebSession,
    /// Wrong passwords since the login before.
    pub failed_logins: u32,
    /// The login before this one.
    pub last_login: Option<Login>,
    /// What an administrator must know now, a line each.
    pub notices: Vec<String>,
}

/// A session that holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebSession {
    /// The account.
    pub user: Username,
    /// Its role now.
    pub role: Role,
    /// What it is for.
    pub surface: Surface,
    /// Seconds without a request after which it ends.
    pub idle: u64,
    /// Seconds until it ends in any case.
    pub expires_in: u64,
}
