//! Accounts and rules.

use mmp_model::{
    Host, Role, Username,
    account::UnixTime,
    duty::Duty,
    rules::{Rule, RuleValue},
};
use serde::{Deserialize, Serialize};

use crate::Login;

/// One row of `user list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// Name.
    pub username: Username,
    /// Role.
    pub role: Role,
    /// `2026-Nov-05`.
    pub password_expiry: String,
    /// Has a session now.
    pub logged_in: bool,
}

/// `user info`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Name.
    pub username: Username,
    /// Role.
    pub role: Role,
    /// The last login.
    pub last_login: Option<Login>,
    /// Wrong passwords since.
    pub failed_logins: u32,
    /// `2026-Oct-05`.
    pub last_password_change: String,
    /// `2027-Apr-05`.
    pub password_expiry: String,
    /// May not log in now.
    pub locked: bool,
    /// Why, and until when.
    pub lock: Option<Lock>,
    /// Remote hosts that it may log in from; none: from everywhere.
    pub hosts: Vec<Host>,
    /// When it may log in; none: at any time.
    pub duty: Option<Duty>,
}

/// Why an account is locked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lock {
    /// Too many wrong passwords; it ends at this time.
    Failed(UnixTime),
    /// No login for this many days; it ends with `user unlock`.
    Idle(UnixTime),
}

/// One rule of `user rule`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleRow {
    /// Which.
    pub rule: Rule,
    /// What is in force.
    pub value: Option<RuleValue>,
}
