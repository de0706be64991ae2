//! Passwords: hashing with yescrypt, checking, and the rules that a new one must meet (`mmp.md` section 2.4).
//!
//! Invariants: a password is checked nowhere else; checking takes as long for a name that does not exist; at most
//! [`AT_ONCE`] checks run at a time and one more for the console, so that a flood of logins can neither eat the memory
//! (16 MiB each) nor keep the console waiting.

use std::sync::{Condvar, Mutex};

use mmp_control::{Kind, Refusal, Secret};
use mmp_model::{
    Username,
    account::{Account, PasswordHash},
    rules::{LONGEST_PASSWORD as LONGEST, Rule, Rules},
};
use yescrypt::{PasswordHasher, PasswordVerifier, Yescrypt};

/// Hash of the factory password `admin`, which is public and must be replaced at the first login.
const FACTORY: &str = "$y$j9T$BjyK.uCWx2znh8TaPNPr30$wKKvW9yj56KHLZ8JBh94VBNX4GVv7ithxxvbIpSg9Z6";

/// Checks that may run at the same time.
const AT_ONCE: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static FINISHED: Condvar = Condvar::new();

/// Whose turn a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody at the console, for whom a place is kept.
    Console,
    /// Everybody else.
    Other,
}

/// The hash of the factory password.
pub fn factory() -> PasswordHash {
    PasswordHash::new(FACTORY.to_owned())
}

/// Hashes a new password.
pub fn hash(password: &Secret) -> Result<PasswordHash, Refusal> {
    let _turn = Turn::wait(Lane::Other);
    let hash = Yescrypt::default().hash_password(password.reveal().as_bytes()).map_err(|error| {
        Refusal::new(Kind::Internal, format!("The password could not be stored: {error}")).state("Nothing was changed")
    })?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// Whether the password is the hash's.
pub fn is_right(password: &Secret, hash: &PasswordHash, lane: Lane) -> bool {
    let _turn = Turn::wait(lane);
    // A hash that no password can have costs the same work and is never right.
    password.reveal().len() <= LONGEST
        && Yescrypt::default().verify_password(password.reveal().as_bytes(), hash.reveal()).is_ok()
}

/// Spends the time of a check on a name that does not exist, so that the answer's delay tells nothing.
pub fn check_nobody(password: &Secret, lane: Lane) {
    let _ = is_right(password, &factory(), lane);
}

/// A password that is to be.
#[derive(Clone, Copy)]
pub struct Proposal<'a> {
    /// As typed.
    pub new: &'a Secret,
    /// Whose it is to be.
    pub user: &'a Username,
    /// The account, unless it is only being added.
    pub account: Option<&'a Account>,
    /// The present password itself, where its owner has just given it.
    pub old: Option<&'a Secret>,
}

impl Proposal<'_> {
    /// The rules that it must meet, with the documented line for the first that it breaks. `in_dictionary` looks into
    /// the list of refused words, and is asked only for what meets the rules of form.
    pub fn check(
        self,
        rules: &Rules,
        in_dictionary: impl FnOnce(&str) -> Result<bool, Refusal>,
    ) -> Result<(), Refusal> {
        let text = self.new.reveal();
        let broken = if text.is_empty() {
            "it must not be empty".to_owned()
        } else if text.len() > LONGEST {
            "256 characters at most".to_owned()
        } else if text.chars().any(char::is_control) {
            "no control characters".to_owned()
        } else if let Some(broken) = rules.broken_by(text, self.user, self.old.map(Secret::reveal)) {
            broken
        } else if in_dictionary(text)? {
            "it is in the dictionary".to_owned()
        } else if self.account.is_some_and(|account| is_right(self.new, &account.password, Lane::Other)) {
            "it must differ from the present password".to_owned()
        } else if self.is_old(rules) {
            format!("it must differ from the last {} passwords", rules.history())
        } else {
            return Ok(());
        };
        Err(Refusal::new(Kind::BadValue, format!("Password does not meet the password rules: {broken}")))
    }

    /// Whether a rule cannot be checked because the present password is not known, although its owner changes it.
    pub fn lacks_old(self, rules: &Rules) -> bool {
        self.old.is_none() && rules.number(Rule::MinChangedCharacters).is_some_and(|number| number > 0)
    }

    fn is_old(self, rules: &Rules) -> bool {
        let old = self.account.map_or(&[][..], |account| &account.history);
        old.iter().take(rules.history()).any(|hash| is_right(self.new, hash, Lane::Other))
    }
}

/// One of the places for a check.
struct Turn;

impl Turn {
    fn wait(lane: Lane) -> Self {
        let places = AT_ONCE + usize::from(lane == Lane::Console);
        let running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut running = FINISHED
            .wait_while(running, |running| *running >= places)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner) -= 1;
        // They wait for different numbers.
        FINISHED.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use mmp_model::rules::RuleChange;

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn the_factory_password_is_admin() {
        assert!(is_right(&secret("admin"), &factory(), Lane::Other));
        assert!(!is_right(&secret("Admin"), &factory(), Lane::Other));
    }

    #[test]
    fn a_new_hash_takes_its_password_only_and_is_salted() {
        let first = hash(&secret("one")).unwrap();
        assert!(first.reveal().starts_with("$y$"));
        assert!(is_right(&secret("one"), &first, Lane::Other) && !is_right(&secret("two"), &first, Lane::Other));
        assert_ne!(first, hash(&secret("one")).unwrap());
    }

    #[test]
    fn rules_name_what_they_miss() {
        let user = Username::factory();
        let mut account = Account::new(10_000, mmp_model::Role::Admin, factory(), 0);
        account.history = ["first", "second"].map(|old| hash(&secret(old)).unwrap()).into();
        let check = |text: &str, max_history: &str| {
            let mut rules = Rules::default();
            rules.set(RuleChange::parse("max_history", max_history).unwrap());
            rules.set(RuleChange::parse("min_changed_characters", "2").unwrap());
            let old = secret("admin");
            let new = secret(text);
            Proposal { new: &new, user: &user, account: Some(&account), old: Some(&old) }
                .check(&rules, |word| Ok(word == "letmein"))
                .map_err(|refusal| refusal.message.replace("Password does not meet the password rules: ", ""))
        };
        let line = |text: &str| check(text, "2").unwrap_err();
        assert_eq!(line(""), "it must not be empty");
        assert_eq!(line("a\tb"), "no control characters");
        assert_eq!(line(&"x".repeat(257)), "256 characters at most");
        assert_eq!(line("admi"), "at least 2 characters different from the old password, each in its place");
        assert_eq!(line("letmein"), "it is in the dictionary");
        assert_eq!(line("second"), "it must differ from the last 2 passwords");
        assert_eq!(check("second", "1"), Ok(()));
        assert_eq!(check("correct horse", "2"), Ok(()));
    }

    #[test]
    fn the_present_password_is_no_new_one() {
        let account = Account::new(10_000, mmp_model::Role::Admin, factory(), 0);
        let (new, user) = (secret("admin"), Username::factory());
        let proposal = Proposal { new: &new, user: &user, account: Some(&account), old: None };
        let refusal = proposal.check(&Rules::default(), |_| Ok(false)).unwrap_err();
        assert!(refusal.message.ends_with(": it must differ from the present password"));
    }
}
