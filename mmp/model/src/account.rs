//! Local accounts and their roles (`mmp.md` section 2).

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// What an account may do (`mmp.md` section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Every command, Web Admin and the API.
    Admin,
    /// Cryptography: keys and certificates.
    Crypto,
    /// Reading and shipping the audit log.
    Audit,
    /// Application settings in Web Admin and the API; no shell.
    Appadmin,
    /// The REST API only; no shell.
    Api,
}

impl Role {
    /// All roles, in documentation order.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Crypto, Self::Audit, Self::Appadmin, Self::Api];

    /// The word that is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Crypto => "crypto",
            Self::Audit => "audit",
            Self::Appadmin => "appadmin",
            Self::Api => "api",
        }
    }

    /// What it is for, in one line.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Admin => "everything",
            Self::Crypto => "keys and certificates",
            Self::Audit => "the audit log",
            Self::Appadmin => "application settings in Web Admin and the API, no command line",
            Self::Api => "the REST API only, no command line",
        }
    }

    /// Whether the account may log in to the command line and to SFTP.
    pub fn has_shell(self) -> bool {
        matches!(self, Self::Admin | Self::Crypto | Self::Audit)
    }
}

impl FromStr for Role {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.into_iter().find(|r| r.word() == text).ok_or_else(|| InvalidValue::new("Invalid role", text))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Names that the appliance's own daemons run under. `root` is not among them: administrators do create an account of
/// that name, and it is an account like any other, without the kernel's root rights.
const RESERVED: [&str; 8] = ["mmp", "mmpd", "sshd", "unbound", "chrony", "nobody", "daemon", "postgres"];

/// An account's name: a letter, then letters, digits, `.`, `-`, `_`; 32 characters at most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(heapless::String<32>);
text_value!(Username);

impl Username {
    /// The factory account (`mmp.md` section 1.2).
    pub fn factory() -> Self {
        Self(heapless::String::try_from("admin").expect("five letters fit"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Username {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid user name", text);
        let rest = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let letter_first = text.starts_with(|c: char| c.is_ascii_alphabetic());
        if !letter_first || !text.bytes().all(rest) || RESERVED.contains(&text) || text.starts_with("systemd-") {
            return Err(wrong());
        }
        heapless::String::try_from(text).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A point in time, in whole seconds since 1970-01-01 UTC.
pub type UnixTime = i64;

/// Days that a password lives unless a rule says otherwise: about six months (`mmp.md` section 2.4).
pub const DEFAULT_PASSWORD_AGE_DAYS: i64 = 183;
const SECONDS_A_DAY: i64 = 86_400;

/// One local account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The number that the kernel knows it by; never given to another account.
    pub uid: u32,
    /// What it may do.
    pub role: Role,
    /// The password's yescrypt hash in crypt(5) form.
    pub password: PasswordHash,
    /// When the password was set.
    pub changed: UnixTime,
    /// The password must be replaced before anything else is answered.
    pub expired: bool,
}

impl Account {
    /// When the password expires by age.
    pub fn expiry(&self) -> UnixTime {
        self.changed.saturating_add(DEFAULT_PASSWORD_AGE_DAYS * SECONDS_A_DAY)
    }

    /// Whether the password must be replaced now.
    pub fn must_change_password(&self, now: UnixTime) -> bool {
        self.expired || now >= self.expiry()
    }
}

/// A password's hash. Its text is shown by no formatter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a hash in crypt(5) form.
    pub fn new(hash: String) -> Self {
        Self(hash)
    }

    /// Whether a text is a hash as passwords are kept, so that it must not be shown.
    pub fn is_hash(text: &str) -> bool {
        text.starts_with("$y$")
    }

    /// The hash, to check a password against.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Settings of the family `user`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// By name.
    pub accounts: BTreeMap<Username, Account>,
    /// The number for the next account.
    pub next_uid: u32,
}

/// The number of the first account.
pub const FIRST_UID: u32 = 10_000;

impl Accounts {
    /// A clean system's accounts: the factory account alone, with the given hash of its password, to be replaced.
    pub fn factory(password: PasswordHash) -> Self {
        let admin = Account { uid: FIRST_UID, role: Role::Admin, password, changed: 0, expired: true };
        Self { accounts: [(Username::factory(), admin)].into(), next_uid: FIRST_UID + 1 }
    }

    /// The account that the kernel knows by this number.
    pub fn by_uid(&self, uid: u32) -> Option<(&Username, &Account)> {
        self.accounts.iter().find(|(_, account)| account.uid == uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_daemons_are_reserved_and_root_is_an_account() {
        assert!("root".parse::<Username>().is_ok());
        for bad in ["sshd", "systemd-network", "_chrony", "", "1a", "a b", "a:b", "a/b", "a\n", &"x".repeat(33)] {
            assert_eq!(bad.parse::<Username>().unwrap_err().to_string(), format!("Invalid user name: {bad}"));
        }
    }

    #[test]
    fn only_the_three_shell_roles_have_a_shell() {
        let with: Vec<_> = Role::ALL.into_iter().filter(|r| r.has_shell()).collect();
        assert_eq!(with, [Role::Admin, Role::Crypto, Role::Audit]);
    }

    #[test]
    fn a_password_expires_after_six_months() {
        let mut accounts = Accounts::factory(PasswordHash::new("x".into()));
        let admin = accounts.accounts.get_mut(&Username::factory()).unwrap();
        admin.expired = false;
        assert!(!admin.must_change_password(182 * 86_400));
        assert!(admin.must_change_password(183 * 86_400));
    }

    #[test]
    fn a_hash_is_not_printed() {
        assert!(!format!("{:?}", PasswordHash::new("$y$secret".into())).contains("secret"));
    }
}
