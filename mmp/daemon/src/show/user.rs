//! `user list`, `user info` and `user rule`, and the names that completion offers.

use mmp_control::{
    Refusal, Reply,
    reply::{self, LiveValue},
    request::User,
};
use mmp_model::{Settings, Username, rules::Rule};

use crate::{admission, appliance::Appliance, change, observe::clock};

/// Answers, or `None` when it is no request that only reads.
pub fn answer(appliance: &Appliance, settings: &Settings, ask: &User) -> Option<Result<Reply, Refusal>> {
    Some(match ask {
        User::List => Ok(Reply::Users(list(appliance, settings))),
        User::Info(name) => info(appliance, settings, name),
        User::Rules => Ok(Reply::Rules(rules(settings))),
        _ => return None,
    })
}

fn list(appliance: &Appliance, settings: &Settings) -> Vec<reply::UserRow> {
    let row = |(name, account): (&Username, &mmp_model::Account)| reply::UserRow {
        username: name.clone(),
        role: account.role,
        password_expiry: clock::date(account.expiry(&settings.accounts.rules)),
        logged_in: appliance.sessions.has(name) || appliance.web.logins(name, None) > 0,
    };
    settings.accounts.accounts.iter().map(row).collect()
}

fn info(appliance: &Appliance, settings: &Settings, name: &Username) -> Result<Reply, Refusal> {
    let account = settings.accounts.accounts.get(name).ok_or_else(|| change::user::no_such_user(name))?;
    let record = appliance.logins.of(name);
    let lock =
        admission::lock(account, &record, &settings.accounts.rules, clock::now()).as_ref().and_then(admission::shown);
    Ok(Reply::User(reply::UserInfo {
        username: name.clone(),
        role: account.role,
        last_login: record.last,
        failed_logins: record.failed,
        last_password_change: clock::date(account.changed),
        password_expiry: clock::date(account.expiry(&settings.accounts.rules)),
        locked: lock.is_some(),
        lock,
        hosts: account.hosts.clone(),
        duty: account.duty.clone(),
    }))
}

fn rules(settings: &Settings) -> Vec<reply::RuleRow> {
    Rule::ALL.map(|rule| reply::RuleRow { rule, value: settings.accounts.rules.value(rule) }).into()
}

/// Hosts of all accounts, as they follow `user host`.
pub fn hosts(settings: &Settings) -> Vec<LiveValue> {
    let all = settings.accounts.accounts.iter();
    let value = |name: &Username, host: &mmp_model::Host| LiveValue {
        value: format!("{name} delete {host}"),
        about: format!("host of {name}"),
    };
    all.flat_map(|(name, account)| account.hosts.iter().map(move |host| value(name, host))).collect()
}
