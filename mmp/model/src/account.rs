//! Local accounts and their roles (`mmp.md` section 2).

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Host, InvalidValue,
    duty::Duty,
    rules::{Rule, Rules},
    text_value,
};

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
const RESERVED: [&str; 11] =
    ["mmp", "mmpd", "sshd", "unbound", "chrony", "nobody", "daemon", "postgres", "syslog", "webadmin", "pkcs12"];

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

/// Seconds of a day.
pub const DAY: UnixTime = 86_400;
/// Hosts that one account may be bound to.
pub const MAX_HOSTS: usize = 32;

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
    /// Remote hosts that it may log in from; none: from everywhere.
    pub hosts: Vec<Host>,
    /// When it may log in; none: at any time.
    pub duty: Option<Duty>,
    /// Hashes of earlier passwords, the latest first; only as many as the rules need.
    pub history: Vec<PasswordHash>,
}

impl Account {
    /// A new account without restrictions, whose password is temporary.
    pub fn new(uid: u32, role: Role, password: PasswordHash, changed: UnixTime) -> Self {
        Self { uid, role, password, changed, expired: true, hosts: Vec::new(), duty: None, history: Vec::new() }
    }

    /// When the password expires by age.
    pub fn expiry(&self, rules: &Rules) -> UnixTime {
        let days = rules.number(Rule::PasswordAge).map_or(UnixTime::MAX / DAY, UnixTime::from);
        self.changed.saturating_add(days * DAY)
    }

    /// Whether the password must be replaced now.
    pub fn must_change_password(&self, rules: &Rules, now: UnixTime) -> bool {
        self.expired || now >= self.expiry(rules)
    }

    /// When the account may change its password by itself again, if that is still to come. One that must be changed may
    /// be, and a change in the future is one by a wrong clock.
    pub fn change_again_at(&self, rules: &Rules, now: UnixTime) -> Option<UnixTime> {
        let days = rules.number(Rule::MinPasswordAge).map_or(0, UnixTime::from);
        let again = self.changed.saturating_add(days * DAY);
        let too_early = (self.changed..again).contains(&now) && !self.must_change_password(rules, now);
        too_early.then_some(again)
    }

    /// Replaces the password; the old one goes into the history.
    pub fn set_password(&mut self, password: PasswordHash, rules: &Rules, now: UnixTime) {
        self.history.insert(0, std::mem::replace(&mut self.password, password));
        self.history.truncate(rules.history());
        self.changed = now;
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
    /// Rules for all of them.
    pub rules: Rules,
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
        let admin = Account::new(FIRST_UID, Role::Admin, password, 0);
        Self { rules: Rules::default(), accounts: [(Username::factory(), admin)].into(), next_uid: FIRST_UID + 1 }
    }

    /// The account that the kernel knows by this number.
    pub fn by_uid(&self, uid: u32) -> Option<(&Username, &Account)> {
        self.accounts.iter().find(|(_, account)| account.uid == uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleChange;

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

    fn rules(set: &[(&str, &str)]) -> Rules {
        let mut rules = Rules::default();
        set.iter().for_each(|(rule, value)| rules.set(RuleChange::parse(rule, value).unwrap()));
        rules
    }

    fn admin(changed: UnixTime) -> Account {
        Account { expired: false, ..Account::new(FIRST_UID, Role::Admin, PasswordHash::new("0".into()), changed) }
    }

    #[test]
    fn a_password_expires_after_six_months_or_as_the_rule_says() {
        let admin = admin(0);
        assert!(!admin.must_change_password(&rules(&[]), 182 * DAY));
        assert!(admin.must_change_password(&rules(&[]), 183 * DAY));
        assert!(!admin.must_change_password(&rules(&[("password_age", "2")]), 2 * DAY - 1));
        assert!(admin.must_change_password(&rules(&[("password_age", "2")]), 2 * DAY));
    }

    #[test]
    fn a_change_too_soon_waits_unless_it_is_forced_or_the_clock_was_wrong() {
        let (mut admin, rules) = (admin(10 * DAY), rules(&[("min_password_age", "3"), ("password_age", "2")]));
        assert_eq!(admin.change_again_at(&rules, 11 * DAY), Some(13 * DAY));
        assert_eq!(admin.change_again_at(&rules, 12 * DAY), None, "it is too old as well");
        assert_eq!(admin.change_again_at(&rules, 9 * DAY), None, "the clock was wrong");
        assert_eq!(admin.change_again_at(&Rules::default(), 10 * DAY), None);
        admin.expired = true;
        assert_eq!(admin.change_again_at(&rules, 11 * DAY), None);
    }

    #[test]
    fn as_many_old_hashes_are_kept_as_the_rule_needs() {
        let mut admin = admin(0);
        let kept = |admin: &Account| admin.history.iter().map(|hash| hash.reveal().to_owned()).collect::<Vec<_>>();
        for (n, rules) in [(1, rules(&[("max_history", "2")])), (2, rules(&[("max_history", "2")]))] {
            admin.set_password(PasswordHash::new(n.to_string()), &rules, n);
        }
        admin.set_password(PasswordHash::new("3".into()), &rules(&[("max_history", "2")]), 3);
        assert_eq!((kept(&admin), admin.changed), (vec!["2".into(), "1".into()], 3));
        admin.set_password(PasswordHash::new("4".into()), &rules(&[]), 4);
        assert!(kept(&admin).is_empty());
    }

    #[test]
    fn a_hash_is_not_printed() {
        assert!(!format!("{:?}", PasswordHash::new("$y$secret".into())).contains("secret"));
    }
}
