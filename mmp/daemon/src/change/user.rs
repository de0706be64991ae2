//! Changes of accounts and passwords (`mmp.md` section 2.2).

use mmp_control::{Kind, Refusal, Reply, request::User as Ask};
use mmp_model::{
    Host, Role, Username,
    account::{Account, Accounts, MAX_HOSTS, UnixTime},
    rules::Rules,
};

use super::Facts;
use crate::observe::clock;

/// Accounts that one appliance keeps.
const MAX_ACCOUNTS: usize = 256;

pub fn change(accounts: &mut Accounts, ask: &Ask, facts: &Facts) -> Option<Result<Reply, Refusal>> {
    Some(match ask {
        Ask::List | Ask::Info(_) | Ask::Rules | Ask::Evict(_) | Ask::Unlock(_) => return None,
        Ask::CheckAdd(name, _) => free(accounts, name).map(|()| Reply::Nothing),
        Ask::CheckReset(name) => find(accounts, name).map(|_| Reply::Nothing),
        Ask::Add(name, role, _) => add(accounts, name, *role, facts),
        Ask::Del(name) => del(accounts, name),
        Ask::Expire(name) => expire(accounts, name),
        Ask::ChangeOwn { .. } => set_password(accounts, &facts.user, facts, false),
        Ask::Reset(name, _) => set_password(accounts, name, facts, true),
        Ask::SetRule(change) => {
            accounts.rules.set(*change);
            // Old hashes that no rule needs are not kept.
            let most = accounts.rules.history();
            accounts.accounts.values_mut().for_each(|account| account.history.truncate(most));
            Ok(Reply::Nothing)
        }
        Ask::AddHost(name, host) => find(accounts, name).and_then(|account| add_host(&mut account.hosts, name, host)),
        Ask::DelHost(name, host) => find(accounts, name).and_then(|account| del_host(&mut account.hosts, name, host)),
        Ask::Duty(name, duty) => find(accounts, name).map(|account| {
            account.duty.clone_from(duty);
            Reply::Nothing
        }),
    })
}

fn free(accounts: &Accounts, name: &Username) -> Result<(), Refusal> {
    if accounts.accounts.contains_key(name) {
        return Err(Refusal::new(Kind::Conflict, format!("User already exists: {name}")).hint("see `user list`"));
    }
    if accounts.accounts.len() >= MAX_ACCOUNTS {
        return Err(Refusal::new(Kind::Conflict, format!("Maximum of {MAX_ACCOUNTS} users")));
    }
    Ok(())
}

fn add(accounts: &mut Accounts, name: &Username, role: Role, facts: &Facts) -> Result<Reply, Refusal> {
    free(accounts, name)?;
    let account = Account::new(accounts.next_uid, role, new_hash(facts)?, facts.now);
    accounts.next_uid += 1;
    accounts.accounts.insert(name.clone(), account);
    Ok(Reply::Notice("Success".into()))
}

fn del(accounts: &mut Accounts, name: &Username) -> Result<Reply, Refusal> {
    let role = find(accounts, name)?.role;
    let admins = accounts.accounts.values().filter(|account| account.role == Role::Admin).count();
    if role == Role::Admin && admins == 1 {
        return Err(Refusal::new(Kind::Conflict, "Cannot delete the last admin user")
            .hint("add another with `user add <name> admin` first"));
    }
    accounts.accounts.remove(name);
    Ok(Reply::Notice("Success".into()))
}

fn expire(accounts: &mut Accounts, name: &Username) -> Result<Reply, Refusal> {
    let account = find(accounts, name)?;
    // Nobody can answer a prompt for a program (`mmp.md` section 2.2).
    if account.role == Role::Api {
        return Err(Refusal::new(Kind::Conflict, "Passwords of api users cannot be expired")
            .hint(format!("set a new one with `passwd {name}`")));
    }
    account.expired = true;
    Ok(Reply::Nothing)
}

/// `temporary`: set by somebody else, so its owner must replace it; a program's cannot.
fn set_password(accounts: &mut Accounts, name: &Username, facts: &Facts, temporary: bool) -> Result<Reply, Refusal> {
    let hash = new_hash(facts)?;
    let rules = accounts.rules.clone();
    let account = find(accounts, name)?;
    account.set_password(hash, &rules, facts.now);
    account.expired = temporary && account.role != Role::Api;
    Ok(Reply::Notice("Success".into()))
}

/// Whether the account may change its own password now.
pub fn may_change_own(account: &Account, rules: &Rules, now: UnixTime) -> Result<(), Refusal> {
    account.change_again_at(rules, now).map_or(Ok(()), |again| {
        Err(Refusal::new(Kind::Conflict, format!("The password was changed on {}", clock::date(account.changed)))
            .state(format!("It may be changed again from {} on", clock::date(again)))
            .hint("an administrator can have it changed sooner with `user expire <username>`"))
    })
}

fn add_host(hosts: &mut Vec<Host>, name: &Username, host: &Host) -> Result<Reply, Refusal> {
    if hosts.contains(host) {
        return Err(Refusal::new(Kind::Conflict, format!("Host already in the list of {name}: {host}")));
    }
    if hosts.len() >= MAX_HOSTS {
        return Err(Refusal::new(Kind::Conflict, format!("Maximum of {MAX_HOSTS} hosts a user")));
    }
    hosts.push(host.clone());
    Ok(Reply::Nothing)
}

fn del_host(hosts: &mut Vec<Host>, name: &Username, host: &Host) -> Result<Reply, Refusal> {
    let Some(at) = hosts.iter().position(|other| other == host) else {
        return Err(Refusal::new(Kind::Absent, format!("No such host in the list of {name}: {host}"))
            .hint(format!("see `user info {name}`")));
    };
    hosts.remove(at);
    Ok(Reply::Nothing)
}

fn find<'a>(accounts: &'a mut Accounts, name: &Username) -> Result<&'a mut Account, Refusal> {
    accounts.accounts.get_mut(name).ok_or_else(|| no_such_user(name))
}

/// The documented line.
pub fn no_such_user(name: &Username) -> Refusal {
    Refusal::new(Kind::Absent, format!("No such user: {name}")).hint("see `user list`")
}

fn new_hash(facts: &Facts) -> Result<mmp_model::account::PasswordHash, Refusal> {
    facts.new_hash.clone().ok_or_else(|| Refusal::new(Kind::Internal, "The password could not be stored"))
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, Secret};

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }

    fn add(user: &str, role: Role) -> Request {
        Request::User(Ask::Add(name(user), role, Secret::new("x".into())))
    }

    #[test]
    fn a_new_account_must_change_its_password_and_gets_a_number_of_its_own() {
        let settings =
            after(&[add("root", Role::Admin), Request::User(Ask::Del(name("root"))), add("bob", Role::Audit)]);
        let bob = &settings.accounts.accounts[&name("bob")];
        assert!(bob.expired);
        assert_eq!(bob.uid, 10_002, "numbers are not used again");
    }

    #[test]
    fn the_last_admin_stays() {
        let del = |user| Request::User(Ask::Del(name(user)));
        assert_eq!(refused(&clean(), &del("admin")), "Cannot delete the last admin user");
        assert_eq!(refused(&clean(), &del("bob")), "No such user: bob");
        assert!(!after(&[add("root", Role::Admin), del("admin")]).accounts.accounts.contains_key(&name("admin")));
    }

    #[test]
    fn a_wrong_name_is_refused_before_the_password_is_asked_for() {
        let check = Request::User(Ask::CheckAdd(name("admin"), Role::Admin));
        assert_eq!(refused(&clean(), &check), "User already exists: admin");
        let check = Request::User(Ask::CheckReset(name("bob")));
        assert_eq!(refused(&clean(), &check), "No such user: bob");
    }

    #[test]
    fn passwords_of_programs_cannot_be_expired() {
        let settings = after(&[add("cucm", Role::Api)]);
        let expire = Request::User(Ask::Expire(name("cucm")));
        assert_eq!(refused(&settings, &expire), "Passwords of api users cannot be expired");
    }

    fn rule(rule: &str, value: &str) -> Request {
        Request::User(Ask::SetRule(mmp_model::rules::RuleChange::parse(rule, value).unwrap()))
    }

    #[test]
    fn hosts_are_listed_once_and_taken_off_by_name() {
        let add = |host: &str| Request::User(Ask::AddHost(name("admin"), host.parse().unwrap()));
        let del = |host: &str| Request::User(Ask::DelHost(name("admin"), host.parse().unwrap()));
        let settings = after(&[add("192.0.2.3"), add("Office.example.com"), del("192.0.2.3")]);
        let hosts = &settings.accounts.accounts[&name("admin")].hosts;
        assert_eq!(hosts, &["office.example.com".parse::<Host>().unwrap()]);
        assert_eq!(
            refused(&settings, &add("office.example.com.")),
            "Host already in the list of admin: office.example.com"
        );
        assert_eq!(refused(&settings, &del("192.0.2.3")), "No such host in the list of admin: 192.0.2.3");
        let full = after(&(0..32).map(|n| add(&format!("192.0.2.{n}"))).collect::<Vec<_>>());
        assert_eq!(refused(&full, &add("192.0.2.99")), "Maximum of 32 hosts a user");
        let nobody = Request::User(Ask::AddHost(name("bob"), "192.0.2.3".parse().unwrap()));
        assert_eq!(refused(&settings, &nobody), "No such user: bob");
    }

    #[test]
    fn old_hashes_are_kept_while_a_rule_needs_them() {
        let own = || Request::User(Ask::ChangeOwn { old: None, new: Secret::new("x".into()) });
        let history = |requests: &[Request]| after(requests).accounts.accounts[&name("admin")].history.len();
        assert_eq!(history(&[own(), own()]), 0);
        assert_eq!(history(&[rule("max_history", "2"), own(), own(), own()]), 2);
        assert_eq!(history(&[rule("max_history", "2"), own(), own(), rule("max_history", "1")]), 1);
        assert_eq!(history(&[rule("max_history", "2"), own(), rule("max_history", "none")]), 0);
    }

    #[test]
    fn duty_hours_are_set_and_lifted() {
        let duty = |hours: Option<&str>| Request::User(Ask::Duty(name("admin"), hours.map(|h| h.parse().unwrap())));
        let of = |requests: &[Request]| after(requests).accounts.accounts[&name("admin")].duty.clone();
        assert_eq!(of(&[duty(Some("Wk"))]).unwrap().to_string(), "Wk");
        assert_eq!(of(&[duty(Some("Wk")), duty(None)]), None);
    }

    #[test]
    fn the_own_password_is_lasting_and_a_reset_one_temporary() {
        let own = Request::User(Ask::ChangeOwn { old: None, new: Secret::new("x".into()) });
        let reset = Request::User(Ask::Reset(name("root"), Secret::new("x".into())));
        let settings = after(&[own, add("root", Role::Admin), reset]);
        assert!(!settings.accounts.accounts[&name("admin")].expired);
        assert!(settings.accounts.accounts[&name("root")].expired);
    }
}
