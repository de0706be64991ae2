//! Changes of accounts and passwords (`mmp.md` section 2.2).

use mmp_control::{Kind, Refusal, Reply, request::User as Ask};
use mmp_model::{
    Role, Username,
    account::{Account, Accounts},
};

use super::Facts;

/// Accounts that one appliance keeps.
const MAX_ACCOUNTS: usize = 256;

pub fn change(accounts: &mut Accounts, ask: &Ask, facts: &Facts) -> Option<Result<Reply, Refusal>> {
    Some(match ask {
        Ask::List | Ask::Info(_) => return None,
        Ask::CheckAdd(name, _) => free(accounts, name).map(|()| Reply::Nothing),
        Ask::CheckReset(name) => find(accounts, name).map(|_| Reply::Nothing),
        Ask::Add(name, role, _) => add(accounts, name, *role, facts),
        Ask::Del(name) => del(accounts, name),
        Ask::Expire(name) => expire(accounts, name),
        Ask::ChangeOwn { .. } => set_password(accounts, &facts.user, facts, false),
        Ask::Reset(name, _) => set_password(accounts, name, facts, true),
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
    let account =
        Account { uid: accounts.next_uid, role, password: new_hash(facts)?, changed: facts.now, expired: true };
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
    let account = find(accounts, name)?;
    account.password = hash;
    account.changed = facts.now;
    account.expired = temporary && account.role != Role::Api;
    Ok(Reply::Notice("Success".into()))
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

    #[test]
    fn the_own_password_is_lasting_and_a_reset_one_temporary() {
        let own = Request::User(Ask::ChangeOwn { old: None, new: Secret::new("x".into()) });
        let reset = Request::User(Ask::Reset(name("root"), Secret::new("x".into())));
        let settings = after(&[own, add("root", Role::Admin), reset]);
        assert!(!settings.accounts.accounts[&name("admin")].expired);
        assert!(settings.accounts.accounts[&name("root")].expired);
    }
}
