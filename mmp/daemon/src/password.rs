//! Passwords: hashing with yescrypt, checking, and the rules that a new one must meet (`mmp.md` section 2.4).
//!
//! Invariants: a password is checked nowhere else; checking takes as long for a name that does not exist; at most
//! [`AT_ONCE`] checks run at a time, so that a flood of logins cannot eat the memory (16 MiB each).

use std::sync::{Condvar, Mutex};

use mmp_control::{Kind, Refusal, Secret};
use mmp_model::account::PasswordHash;
use yescrypt::{PasswordHasher, PasswordVerifier, Yescrypt};

/// Hash of the factory password `admin`, which is public and must be replaced at the first login.
const FACTORY: &str = "$y$j9T$BjyK.uCWx2znh8TaPNPr30$wKKvW9yj56KHLZ8JBh94VBNX4GVv7ithxxvbIpSg9Z6";

/// Checks that may run at the same time.
const AT_ONCE: usize = 2;

/// Longest password in bytes.
const LONGEST: usize = 256;

static RUNNING: Mutex<usize> = Mutex::new(0);
static FINISHED: Condvar = Condvar::new();

/// The hash of the factory password.
pub fn factory() -> PasswordHash {
    PasswordHash::new(FACTORY.to_owned())
}

/// Hashes a new password.
pub fn hash(password: &Secret) -> Result<PasswordHash, Refusal> {
    let _turn = Turn::wait();
    let hash = Yescrypt::default().hash_password(password.reveal().as_bytes()).map_err(|error| {
        Refusal::new(Kind::Internal, format!("The password could not be stored: {error}")).state("Nothing was changed")
    })?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// Whether the password is the hash's.
pub fn is_right(password: &Secret, hash: &PasswordHash) -> bool {
    let _turn = Turn::wait();
    // A hash that no password can have costs the same work and is never right.
    password.reveal().len() <= LONGEST
        && Yescrypt::default().verify_password(password.reveal().as_bytes(), hash.reveal()).is_ok()
}

/// Spends the time of a check on a name that does not exist, so that the answer's delay tells nothing.
pub fn check_nobody(password: &Secret) {
    let _ = is_right(password, &factory());
}

/// The rules that a new password must meet, with the documented line for the first that it breaks.
pub fn check_rules(new: &Secret, present: Option<&PasswordHash>) -> Result<(), Refusal> {
    let text = new.reveal();
    let broken = if text.is_empty() {
        "it must not be empty"
    } else if text.len() > LONGEST {
        "256 characters at most"
    } else if text.chars().any(char::is_control) {
        "no control characters"
    } else if present.is_some_and(|hash| is_right(new, hash)) {
        "it must differ from the present password"
    } else {
        return Ok(());
    };
    Err(Refusal::new(Kind::BadValue, format!("Password does not meet the password rules: {broken}")))
}

/// One of the places for a check.
struct Turn;

impl Turn {
    fn wait() -> Self {
        let running = RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut running = FINISHED
            .wait_while(running, |running| *running >= AT_ONCE)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(std::sync::PoisonError::into_inner) -= 1;
        FINISHED.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn the_factory_password_is_admin() {
        assert!(is_right(&secret("admin"), &factory()));
        assert!(!is_right(&secret("Admin"), &factory()));
    }

    #[test]
    fn a_new_hash_takes_its_password_only_and_is_salted() {
        let first = hash(&secret("one")).unwrap();
        assert!(first.reveal().starts_with("$y$"));
        assert!(is_right(&secret("one"), &first) && !is_right(&secret("two"), &first));
        assert_ne!(first, hash(&secret("one")).unwrap());
    }

    #[test]
    fn rules_name_what_they_miss() {
        let present = factory();
        let line = |text: &str| check_rules(&secret(text), Some(&present)).unwrap_err().message;
        assert_eq!(line(""), "Password does not meet the password rules: it must not be empty");
        assert_eq!(
            line("admin"),
            "Password does not meet the password rules: it must differ from the present password"
        );
        assert_eq!(line("a\tb"), "Password does not meet the password rules: no control characters");
        assert!(check_rules(&secret("correct horse"), Some(&present)).is_ok());
    }
}
