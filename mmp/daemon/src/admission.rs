//! Whether an account whose owner is proven may come in now: locks, idleness, duty hours.
//!
//! Invariants: pure; the same for every door, with one exception, which this module alone makes: at the console no
//! lock that others can cause, no idleness and no duty hours keep out an administrator while no other administrator
//! could come in either. So neither an attack from the network nor a setting nor a wrong clock locks the machine for
//! good; wrong passwords typed at the console itself do lock it, and that ends by itself.

use std::{fmt, net::IpAddr};

use mmp_control::{Code, Kind, Refusal, reply};
use mmp_model::{
    Role, Username,
    account::{Account, Accounts, DAY, UnixTime},
    duty::LocalTime,
    rules::{Rule, Rules},
};

use crate::{lockout, logins::Record, observe::clock};

/// Now, in the two ways that the rules count it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Seconds since 1970 UTC.
    pub now: UnixTime,
    /// In the appliance's time zone.
    pub local: LocalTime,
}

/// Why an account may not come in now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Too many wrong passwords.
    Failed(lockout::Lock),
    /// No login for so many days.
    Idle(UnixTime),
    /// Not on duty; its hours.
    OffDuty(String),
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(lock) => write!(f, "locked by too many failed logins until {}", clock::utc(lock.until())),
            Self::Idle(days) => write!(f, "locked, as there was no login for {days} days"),
            Self::OffDuty(hours) => write!(f, "not within the duty hours {hours}"),
        }
    }
}

impl Bar {
    /// For programs.
    pub fn code(&self) -> Code {
        match self {
            Self::Failed(_) | Self::Idle(_) => Code::Locked,
            Self::OffDuty(_) => Code::Duty,
        }
    }

    /// What the account's owner, who has given the right password, is told.
    pub fn refusal(&self, name: &Username) -> Refusal {
        let unlock = format!("an administrator can type `user unlock {name}`");
        match self {
            Self::Failed(lock) => Refusal::new(Kind::Denied, "Account locked")
                .hint(format!("Too many failed logins: log in again after {}, or {unlock}", clock::utc(lock.until()))),
            Self::Idle(days) => {
                Refusal::new(Kind::Denied, "Account locked").hint(format!("No login for {days} days: {unlock}"))
            }
            Self::OffDuty(hours) => {
                Refusal::new(Kind::Denied, "Login is not permitted at this time").hint(format!("Duty hours: {hours}"))
            }
        }
    }
}

/// The lock of an account, if it has one.
pub fn lock(account: &Account, record: &Record, rules: &Rules, now: UnixTime) -> Option<Bar> {
    record.streak.lock(now, rules.number(Rule::MaxFailedLogins)).map(Bar::Failed).or_else(|| {
        let active = [record.last.as_ref().map_or(0, |login| login.at), account.changed, record.unlocked];
        let idle = now - active.into_iter().max().unwrap_or(0);
        let most = rules.number(Rule::MaxIdle).map(UnixTime::from)?;
        (idle >= most * DAY).then_some(Bar::Idle(idle / DAY))
    })
}

/// The lock as `user info` shows it.
pub fn shown(bar: &Bar) -> Option<reply::Lock> {
    match bar {
        Bar::Failed(lock) => Some(reply::Lock::Failed(lock.until())),
        Bar::Idle(days) => Some(reply::Lock::Idle(*days)),
        Bar::OffDuty(_) => None,
    }
}

/// What keeps the account out.
pub fn bar(account: &Account, record: &Record, rules: &Rules, at: Moment) -> Option<Bar> {
    lock(account, record, rules, at.now).or_else(|| {
        let off = account.duty.as_ref().filter(|duty| !duty.covers(at.local))?;
        Some(Bar::OffDuty(off.to_string()))
    })
}

/// What keeps the account out at the console.
pub fn bar_at_console(
    name: &Username,
    accounts: &Accounts,
    record: impl Fn(&Username) -> Record,
    at: Moment,
) -> Option<Bar> {
    let barred = |name: &Username, account: &Account| bar(account, &record(name), &accounts.rules, at);
    let account = accounts.accounts.get(name)?;
    let found = barred(name, account)?;
    let own_doing = matches!(found, Bar::Failed(lock) if lock.by_console);
    let another = || {
        let mut others = accounts.accounts.iter().filter(|(other, account)| *other != name && is_admin(account));
        others.any(|(other, account)| barred(other, account).is_none())
    };
    (own_doing || !is_admin(account) || another()).then_some(found)
}

fn is_admin(account: &Account) -> bool {
    account.role == Role::Admin
}

/// The address of who sits at `192.0.2.1`, `192.0.2.1:1234` or `[2001:db8::1]:1234`; none for a console.
pub fn peer(origin: &str) -> Option<IpAddr> {
    let address = origin.parse().ok().or_else(|| origin.parse::<std::net::SocketAddr>().ok().map(|s| s.ip()));
    // A link-local peer may come with the interface that it is on.
    let scoped = || origin.split_once('%')?.0.parse().ok();
    address.or_else(scoped).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use mmp_control::Login;
    use mmp_model::{account::PasswordHash, rules::RuleChange};

    use super::*;

    const NOW: UnixTime = 100 * DAY;

    struct World {
        accounts: Accounts,
        records: std::collections::BTreeMap<Username, Record>,
    }

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }

    fn world(users: &[(&str, Role)]) -> World {
        let mut accounts = Accounts::factory(PasswordHash::new("x".into()));
        accounts.accounts.clear();
        for (rule, value) in [("max_failed_logins", "3"), ("max_idle", "30")] {
            accounts.rules.set(RuleChange::parse(rule, value).unwrap());
        }
        for (user, role) in users {
            accounts.accounts.insert(name(user), Account::new(10_000, *role, PasswordHash::new("x".into()), NOW));
        }
        World { accounts, records: std::collections::BTreeMap::new() }
    }

    impl World {
        fn fail(&mut self, user: &str, console: bool) {
            (0..3).for_each(|_| self.records.entry(name(user)).or_default().streak.failed(NOW, console, Some(3)));
        }

        fn at(&self, now: UnixTime) -> Moment {
            Moment { now, local: LocalTime { day: 0, minute: 600 } }
        }

        fn network(&self, user: &str, now: UnixTime) -> Option<Bar> {
            let record = self.records.get(&name(user)).cloned().unwrap_or_default();
            bar(&self.accounts.accounts[&name(user)], &record, &self.accounts.rules, self.at(now))
        }

        fn console(&self, user: &str, now: UnixTime) -> Option<Bar> {
            let record = |user: &Username| self.records.get(user).cloned().unwrap_or_default();
            bar_at_console(&name(user), &self.accounts, record, self.at(now))
        }

        fn duty(&mut self, user: &str, hours: &str) {
            self.accounts.accounts.get_mut(&name(user)).unwrap().duty = Some(hours.parse().unwrap());
        }
    }

    #[test]
    fn a_lock_from_the_network_holds_at_the_console_while_another_administrator_can_come_in() {
        let mut world = world(&[("admin", Role::Admin), ("root", Role::Admin)]);
        world.fail("admin", false);
        assert!(matches!(world.network("admin", NOW), Some(Bar::Failed(_))));
        assert!(world.console("admin", NOW).is_some() && world.console("root", NOW).is_none());
        // Now the attack has reached both.
        world.fail("root", false);
        assert!(world.network("root", NOW).is_some() && world.network("admin", NOW).is_some());
        assert!(world.console("root", NOW).is_none() && world.console("admin", NOW).is_none());
    }

    #[test]
    fn guessing_at_the_console_locks_even_the_only_administrator() {
        let mut world = world(&[("admin", Role::Admin), ("bob", Role::Crypto)]);
        world.fail("admin", true);
        assert!(world.console("admin", NOW).is_some());
        assert!(world.console("admin", NOW + lockout::LOCKED).is_none());
    }

    #[test]
    fn other_roles_have_no_exception() {
        let mut world = world(&[("admin", Role::Admin), ("bob", Role::Crypto)]);
        world.fail("bob", false);
        assert!(world.console("bob", NOW).is_some());
        world.duty("bob", "Tu");
        assert!(matches!(world.console("bob", NOW + lockout::LOCKED), Some(Bar::OffDuty(_))));
    }

    #[test]
    fn idleness_counts_from_the_last_login_change_or_unlocking() {
        let mut world = world(&[("admin", Role::Admin), ("root", Role::Admin)]);
        assert_eq!(world.network("admin", NOW + 30 * DAY - 1), None);
        assert_eq!(world.network("admin", NOW + 30 * DAY), Some(Bar::Idle(30)));
        let record = world.records.entry(name("admin")).or_default();
        record.last = Some(Login { at: NOW + 10 * DAY, origin: "x".into() });
        assert_eq!(world.network("admin", NOW + 39 * DAY), None);
        assert_eq!(world.network("admin", NOW + 40 * DAY), Some(Bar::Idle(30)));
        // All administrators are idle, as after a jump of the clock: the console lets them in.
        assert_eq!(world.console("admin", NOW + 9_000 * DAY), None);
        world.records.entry(name("root")).or_default().unlocked = NOW + 40 * DAY;
        assert_eq!(world.console("admin", NOW + 40 * DAY), Some(Bar::Idle(30)));
    }

    #[test]
    fn duty_hours_leave_the_console_to_the_last_administrator() {
        let mut world = world(&[("admin", Role::Admin), ("root", Role::Admin)]);
        world.duty("admin", "Tu");
        assert_eq!(world.network("admin", NOW), Some(Bar::OffDuty("Tu".into())));
        assert_eq!(world.console("admin", NOW), Some(Bar::OffDuty("Tu".into())));
        world.duty("root", "We");
        assert_eq!(world.console("admin", NOW), None);
        assert!(world.network("admin", NOW).is_some());
    }

    #[test]
    fn peers_are_told_from_consoles() {
        for (origin, address) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1:1234", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("[2001:db8::1]:1234", Some("2001:db8::1")),
            ("fe80::1%a", Some("fe80::1")),
            ("console ttyS0", None),
            ("local", None),
            ("", None),
        ] {
            assert_eq!(peer(origin), address.map(|text| text.parse().unwrap()), "{origin}");
        }
    }
}
