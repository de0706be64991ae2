//! Present passwords that were given a moment ago to come in and set a new one, for the rule that compares the two.
//!
//! Invariants: a password is kept only while a rule needs it and its owner must replace it, for [`KEPT`] at most and
//! one for an account; it is never written anywhere, and its memory is cleared.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mmp_control::Secret;
use mmp_model::Username;

/// Longer than the questions for a new password wait.
const KEPT: Duration = Duration::from_secs(600);

/// All of them.
#[derive(Debug, Default)]
pub struct Given(Mutex<BTreeMap<Username, (Instant, Secret)>>);

impl Given {
    /// Keeps one.
    pub fn keep(&self, user: &Username, password: &Secret) {
        self.lock().insert(user.clone(), (Instant::now(), password.clone()));
    }

    /// The one of an account.
    pub fn of(&self, user: &Username) -> Option<Secret> {
        self.lock().get(user).map(|(_, password)| password.clone())
    }

    /// It is not needed any more.
    pub fn forget(&self, user: &Username) {
        self.lock().remove(user);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Username, (Instant, Secret)>> {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|_, (at, _)| at.elapsed() < KEPT);
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_kept_until_it_is_forgotten_or_too_old() {
        let (given, user) = (Given::default(), Username::factory());
        given.keep(&user, &Secret::new("one".into()));
        given.keep(&user, &Secret::new("two".into()));
        assert_eq!(given.of(&user).unwrap().reveal(), "two");
        given.forget(&user);
        assert!(given.of(&user).is_none());
        given.keep(&user, &Secret::new("three".into()));
        let long_ago = Instant::now().checked_sub(KEPT).unwrap();
        given.0.lock().unwrap().get_mut(&user).unwrap().0 = long_ago;
        assert!(given.of(&user).is_none());
    }
}
