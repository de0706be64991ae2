//! What sshd reads of the settings: the keys of each account, the banner, and the algorithms.
//!
//! Invariants: only accounts that have a shell get keys; without a setting there is no file, and the image's own
//! configuration holds.

use std::path::{Path, PathBuf};

use mmp_model::{Settings, ssh::Algorithms};

use super::{File, Files};

/// A file an account, which `AuthorizedKeysFile` points to.
pub const KEYS: &str = "/run/mmpd/keys";
/// Shown before the password is asked for, by sshd and on the console.
pub const BANNER: &str = "/run/mmpd/banner";
/// Read before the image's own values, so that these count.
pub const ALGORITHMS: &str = "/run/mmpd/sshd/algorithms.conf";

/// The image's algorithms and older ones after them, for clients that know no better: SHA-1 in key exchange, message
/// digests and signatures of RSA keys. No CBC, no RC4, no DSA: a client that needs those speaks to no server of today.
const COMPATIBLE: &str = "\
KexAlgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256,\
curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group16-sha512,\
diffie-hellman-group18-sha512,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,\
diffie-hellman-group14-sha1
Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512,hmac-sha2-256,hmac-sha1
HostKeyAlgorithms ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256,ssh-rsa
PubkeyAcceptedAlgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,\
ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256,ssh-rsa
";

/// Files that sshd reads at each login.
pub fn at_login(settings: &Settings) -> Files {
    let with_shell = |name| settings.accounts.accounts.get(name).is_some_and(|account| account.role.has_shell());
    let keys = settings.ssh.keys.iter().filter(|(name, _)| with_shell(*name));
    let mut files: Files =
        keys.map(|(name, keys)| (Path::new(KEYS).join(name.as_str()), File::readable(keys.file()))).collect();
    if let Some(banner) = &settings.texts.banner {
        files.insert(PathBuf::from(BANNER), File::readable(format!("{banner}\n")));
    }
    files
}

/// Files that sshd reads when it starts or is told to.
pub fn at_start(settings: &Settings) -> Files {
    match settings.ssh.algorithms {
        Algorithms::Modern => Files::new(),
        Algorithms::Compatible => [(PathBuf::from(ALGORITHMS), File::readable(COMPATIBLE.into()))].into(),
    }
}

#[cfg(test)]
mod tests {
    use mmp_model::{
        Role,
        account::{Account, Accounts, PasswordHash},
        ssh::PublicKeys,
    };

    use super::*;

    const KEY: &[u8] = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob";

    fn settings() -> Settings {
        Settings::factory(Accounts::factory(PasswordHash::new("$y$".into())))
    }

    #[test]
    fn keys_are_for_accounts_with_a_shell() {
        let mut settings = settings();
        let admin = settings.accounts.accounts.values().next().unwrap().clone();
        let cucm = Account { uid: 10_001, role: Role::Api, ..admin };
        settings.accounts.accounts.insert("cucm".parse().unwrap(), cucm);
        for name in ["admin", "cucm", "nobody1"] {
            settings.ssh.keys.insert(name.parse().unwrap(), PublicKeys::read(KEY).unwrap());
        }
        let files = at_login(&settings);
        assert_eq!(files.keys().collect::<Vec<_>>(), [Path::new("/run/mmpd/keys/admin")]);
        assert_eq!(files.values().next().unwrap().content.as_bytes(), [KEY, b"\n"].concat());
    }

    #[test]
    fn a_clean_system_has_no_file() {
        assert!(at_login(&settings()).is_empty() && at_start(&settings()).is_empty());
    }

    #[test]
    fn every_line_of_the_older_algorithms_is_one_keyword_and_its_list() {
        for line in COMPATIBLE.lines() {
            let (keyword, list) = line.split_once(' ').unwrap();
            assert!(keyword.ends_with("lgorithms") || ["Ciphers", "MACs"].contains(&keyword), "{line}");
            assert!(!list.contains(' ') && !list.contains(",,") && !list.contains("cbc"), "{line}");
        }
    }
}
