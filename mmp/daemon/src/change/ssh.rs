//! Changes of `ssh`: algorithms, and the keys of accounts (`mmp.md` section 2.5).

use mmp_control::{Kind, Refusal, Reply, request::Ssh as Ask};
use mmp_model::{
    Username,
    account::Accounts,
    ssh::{Algorithms, PublicKeys, Ssh},
};

use super::user::no_such_user;

/// Said with the older algorithms.
const WEAKER: &str = "WARNING: SSH now offers older algorithms too, SHA-1 among them. Go back with \
                      `ssh algorithms modern` as soon as the old client is replaced";

pub fn change(ssh: &mut Ssh, accounts: &Accounts, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    Some(match ask {
        Ask::Show | Ask::Fingerprints | Ask::Keys => return None,
        Ask::Algorithms(algorithms) => {
            ssh.algorithms = *algorithms;
            Ok(match algorithms {
                Algorithms::Modern => Reply::Nothing,
                Algorithms::Compatible => Reply::Notice(WEAKER.into()),
            })
        }
        Ask::SetKeys(user, keys) => set_keys(ssh, accounts, user, keys),
        Ask::DelKeys(user) => match ssh.keys.remove(user) {
            Some(_) => Ok(Reply::Nothing),
            None => Err(no_keys(user)),
        },
    })
}

fn set_keys(ssh: &mut Ssh, accounts: &Accounts, user: &Username, keys: &PublicKeys) -> Result<Reply, Refusal> {
    may_have_keys(accounts, user)?;
    ssh.keys.insert(user.clone(), keys.clone());
    Ok(Reply::Nothing)
}

/// Whether keys can be of use to somebody of this name.
pub fn may_have_keys(accounts: &Accounts, user: &Username) -> Result<(), Refusal> {
    let account = accounts.accounts.get(user).ok_or_else(|| no_such_user(user))?;
    if account.role.has_shell() {
        return Ok(());
    }
    Err(Refusal::new(Kind::Conflict, format!("Role {} has no access to the command line", account.role)))
}

/// Nothing to show or to remove.
pub fn no_keys(user: &Username) -> Refusal {
    Refusal::new(Kind::Absent, format!("No SSH keys of user {user}")).hint(format!("upload them as {user}.pub"))
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, Secret, request::User};
    use mmp_model::Role;

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    const KEY: &[u8] = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob";

    fn name(text: &str) -> Username {
        text.parse().unwrap()
    }

    fn add(user: &str, role: Role) -> Request {
        Request::User(User::Add(name(user), role, Secret::new("x".into())))
    }

    fn keys(user: &str) -> Request {
        Request::Ssh(Ask::SetKeys(name(user), PublicKeys::read(KEY).unwrap()))
    }

    #[test]
    fn keys_are_an_accounts_and_go_with_it() {
        let with = [add("bob", Role::Crypto), keys("bob")];
        assert!(after(&with).ssh.keys.contains_key(&name("bob")));
        let gone = Request::User(User::Del(name("bob")));
        let [add_bob, keys_bob] = with;
        assert!(after(&[add_bob, keys_bob, gone, add("bob", Role::Admin)]).ssh.keys.is_empty());
    }

    #[test]
    fn nobody_and_who_has_no_shell_get_no_keys() {
        assert_eq!(refused(&clean(), &keys("bob")), "No such user: bob");
        let settings = after(&[add("cucm", Role::Api)]);
        assert_eq!(refused(&settings, &keys("cucm")), "Role api has no access to the command line");
        assert_eq!(refused(&clean(), &Request::Ssh(Ask::DelKeys(name("admin")))), "No SSH keys of user admin");
    }

    #[test]
    fn older_algorithms_come_with_a_warning() {
        let ask = Request::Ssh(Ask::Algorithms(Algorithms::Compatible));
        let (next, reply) = super::super::change(&clean(), &ask, &super::super::tests::facts()).unwrap().unwrap();
        assert_eq!(next.ssh.algorithms, Algorithms::Compatible);
        assert!(matches!(reply, Reply::Notice(text) if text.starts_with("WARNING: ")));
    }
}
