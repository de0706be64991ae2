//! Accounts as `passwd` lines, so that sshd knows them. No password is in there: mmpd alone checks those.
//!
//! Invariant: the accounts stand before the image's own users, so that an account called `root` is found under its
//! name with its own number and never gets the kernel's root.

use std::path::PathBuf;

use mmp_model::account::Accounts;

use super::{File, Files};

/// `/etc/passwd` of the image is a link to this file.
pub const PASSWD: &str = "/run/rostrum/passwd";
/// Primary group of all accounts.
pub const GROUP: u32 = 700;
/// Every account's login shell.
pub const SHELL: &str = "/usr/bin/mmp";

/// The one file.
pub fn files(accounts: &Accounts, system_users: &str) -> Files {
    let mut content = String::new();
    for (name, account) in &accounts.accounts {
        let uid = account.uid;
        content.push_str(&format!("{name}:x:{uid}:{GROUP}::/data/home/{name}:{SHELL}\n"));
    }
    content.push_str(system_users);
    [(PathBuf::from(PASSWD), File::readable(content))].into()
}

#[cfg(test)]
mod tests {
    use mmp_model::account::{Account, PasswordHash};

    use super::*;

    #[test]
    fn an_account_called_root_comes_before_the_systems() {
        let mut accounts = Accounts::factory(PasswordHash::new("$y$secret".into()));
        let root = Account { uid: 10_001, ..accounts.accounts.values().next().unwrap().clone() };
        accounts.accounts.insert("root".parse().unwrap(), root);
        let files = files(&accounts, "root:x:0:0::/:/usr/sbin/nologin\n");
        assert_eq!(
            files.values().next().unwrap().content,
            "admin:x:10000:700::/data/home/admin:/usr/bin/mmp\n\
             root:x:10001:700::/data/home/root:/usr/bin/mmp\n\
             root:x:0:0::/:/usr/sbin/nologin\n"
        );
    }
}
