//! Going back to a restore point: its settings as one change.
//!
//! Invariants: numbers of accounts are never given a second time; whoever goes back can go on: the own account stays as it
//! is now, with its password.

use mmp_control::{Kind, Refusal, Reply};
use mmp_model::{Settings, restore::RestorePoint};

use super::{Facts, REBOOT_REQUIRED};

pub fn change(settings: &mut Settings, point: RestorePoint, facts: &Facts) -> Result<Reply, Refusal> {
    let restored = facts.restore_point.clone().ok_or_else(|| {
        Refusal::new(Kind::Absent, format!("No such restore point: {point}")).hint("see `settings list`")
    })?;
    Ok(put(settings, restored, facts))
}

/// Puts other settings in the place of all.
pub fn put(settings: &mut Settings, mut restored: Settings, facts: &Facts) -> Reply {
    restored.accounts.next_uid = restored.accounts.next_uid.max(settings.accounts.next_uid);
    if let Some(own) = settings.accounts.accounts.get(&facts.user) {
        restored.accounts.accounts.insert(facts.user.clone(), own.clone());
    }
    let waits = restored.hostname != settings.hostname || restored.timezone != settings.timezone;
    *settings = restored;
    if waits { Reply::Notice(REBOOT_REQUIRED.into()) } else { Reply::Nothing }
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, Secret, request};
    use mmp_model::{Role, Username};

    use super::{
        super::{
            change as any_change,
            tests::{after, clean, facts},
        },
        *,
    };

    fn restored(now: &Settings, point: Option<Settings>) -> Result<Settings, String> {
        let facts = Facts { restore_point: point, ..facts() };
        let ask = Request::Settings(request::SettingsAsk::Restore(7.into()));
        any_change(now, &ask, &facts).unwrap().map(|(settings, _)| settings).map_err(|refusal| refusal.message)
    }

    #[test]
    fn earlier_settings_come_back_but_for_the_own_account() {
        let bob: Username = "bob".parse().unwrap();
        let add = Request::User(request::User::Add(bob.clone(), Role::Admin, Secret::new("x".into())));
        let own = Request::User(request::User::ChangeOwn { old: None, new: Secret::new("x".into()) });
        let now = after(&[add, own]);
        let back = restored(&now, Some(clean())).unwrap();
        assert!(!back.accounts.accounts.contains_key(&bob));
        assert_eq!(back.accounts.next_uid, now.accounts.next_uid);
        let admin = Username::factory();
        assert_eq!(back.accounts.accounts[&admin], now.accounts.accounts[&admin]);
    }

    #[test]
    fn a_point_that_is_not_there_is_refused() {
        assert_eq!(restored(&clean(), None).unwrap_err(), "No such restore point: 7");
    }
}
