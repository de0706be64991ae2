//! Wrong passwords in a row, and the lock that they lead to (`mmp.md` section 2.4).
//!
//! Invariants: pure, time comes in; a lock ends by itself after [`LOCKED`] and is not made longer by trying on; which
//! of the wrong passwords were typed at the console is kept apart, so that who attacks from the network can be told
//! from who sits at the machine.

use mmp_model::account::UnixTime;
use serde::{Deserialize, Serialize};

/// How long a lock lasts, in seconds.
pub const LOCKED: UnixTime = 15 * 60;

/// Of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Streak {
    /// Wrong passwords in a row, by any door.
    wrong: u32,
    /// Those of them that were typed at the console.
    at_console: u32,
    lock: Option<Lock>,
}

/// A lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    since: UnixTime,
    /// What was typed at the console alone would have led to it.
    pub by_console: bool,
}

impl Lock {
    /// When it ends.
    pub fn until(self) -> UnixTime {
        self.since.saturating_add(LOCKED)
    }

    /// A lock from the future is one by a wrong clock.
    fn holds(self, now: UnixTime) -> bool {
        (self.since..self.until()).contains(&now)
    }
}

impl Streak {
    /// Counts a wrong password. `most` is the rule; without it nothing is counted.
    pub fn failed(&mut self, now: UnixTime, console: bool, most: Option<u32>) {
        let Some(most) = most else {
            *self = Self::default();
            return;
        };
        if self.lock.is_some_and(|lock| !lock.holds(now)) {
            *self = Self::default();
        }
        self.at_console = self.at_console.saturating_add(u32::from(console));
        let by_console = self.at_console >= most;
        match &mut self.lock {
            // Locked from the network, and now the console has failed as often by itself.
            Some(lock) if console && by_console && !lock.by_console => *lock = Lock { since: now, by_console },
            Some(_) => {}
            None => {
                self.wrong = self.wrong.saturating_add(1);
                if self.wrong >= most {
                    self.lock = Some(Lock { since: now, by_console });
                }
            }
        }
    }

    /// The lock, while it holds. Without the rule there is none.
    pub fn lock(&self, now: UnixTime, most: Option<u32>) -> Option<Lock> {
        self.lock.filter(|lock| most.is_some() && lock.holds(now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: Option<u32> = Some(3);

    fn after(failures: &[(UnixTime, bool)]) -> Streak {
        let mut streak = Streak::default();
        failures.iter().for_each(|&(at, console)| streak.failed(at, console, RULE));
        streak
    }

    #[test]
    fn the_last_wrong_one_locks_for_a_quarter_of_an_hour() {
        assert_eq!(after(&[(10, false), (20, false)]).lock(20, RULE), None);
        let locked = after(&[(10, false), (20, true), (30, false)]);
        let lock = locked.lock(30, RULE).unwrap();
        assert_eq!((lock.until(), lock.by_console), (930, false));
        assert!(locked.lock(929, RULE).is_some() && locked.lock(930, RULE).is_none());
        assert!(locked.lock(29, RULE).is_none(), "the clock was wrong");
        assert!(locked.lock(30, None).is_none(), "the rule is gone");
    }

    #[test]
    fn trying_on_does_not_make_it_longer_and_after_it_counting_begins_anew() {
        let tried_on = after(&[(0, false), (0, false), (0, false), (500, false), (899, false)]);
        assert_eq!(tried_on.lock(899, RULE).unwrap().until(), 900);
        assert!(after(&[(0, false), (0, false), (0, false), (901, false), (902, false)]).lock(902, RULE).is_none());
        assert!(
            after(&[(0, false), (0, false), (0, false), (901, false), (902, false), (903, false)])
                .lock(903, RULE)
                .is_some()
        );
    }

    #[test]
    fn a_lock_is_the_consoles_when_the_console_alone_would_have_led_to_it() {
        assert!(after(&[(0, true), (0, true), (0, true)]).lock(0, RULE).unwrap().by_console);
        let both = [(0, false), (0, false), (0, false), (10, true), (20, true)];
        assert!(!after(&both).lock(20, RULE).unwrap().by_console);
        let lock = after(&[&both[..], &[(30, true)]].concat()).lock(30, RULE).unwrap();
        assert_eq!((lock.by_console, lock.until()), (true, 930));
    }

    #[test]
    fn without_the_rule_nothing_is_counted() {
        let mut streak = after(&[(0, false), (0, false)]);
        streak.failed(0, false, None);
        assert_eq!(streak, Streak::default());
    }

    proptest! {
        #[test]
        fn no_lock_lasts_longer_than_it_should(steps in prop::collection::vec((0i64..400, any::<bool>()), 1..60)) {
            let (mut streak, mut now, mut network_since) = (Streak::default(), 0, None);
            for (pause, console) in steps {
                now += pause;
                let before = streak.lock(now, RULE);
                streak.failed(now, console, RULE);
                let after = streak.lock(now, RULE);
                // From the network alone nothing moves the end of a lock.
                if let (Some(before), Some(after), false) = (before, after, console) {
                    prop_assert_eq!(before, after);
                }
                if let Some(lock) = after {
                    prop_assert!(lock.until() - now <= LOCKED);
                    network_since = Some(now);
                }
            }
            if let Some(since) = network_since {
                prop_assert!(streak.lock(since + LOCKED, RULE).is_none());
            }
        }
    }
}
