//! `ssh`, `ssh fingerprints`, `ssh keys`.

use mmp_control::reply::{HostKey, SshNow, UserKey};

/// The state block.
pub fn show(ssh: &SshNow) -> String {
    let users: Vec<&str> = ssh.users.iter().map(mmp_model::Username::as_str).collect();
    let users = if users.is_empty() { "none".to_owned() } else { users.join(" ") };
    format!("{:<22}: {}\n{:<22}: {users}", "Algorithms", ssh.algorithms, "Users with keys")
}

/// A line a key.
pub fn fingerprints(keys: &[HostKey]) -> String {
    if keys.is_empty() {
        return "none yet: the keys are made after the first boot, which takes a moment".into();
    }
    keys.iter().map(|key| format!("{:<22}: {}", key.algorithm, key.fingerprint)).collect::<Vec<_>>().join("\n")
}

/// A line a key.
pub fn keys(keys: &[UserKey]) -> String {
    if keys.is_empty() {
        return "none".into();
    }
    let name = keys.iter().map(|key| key.username.as_str().len()).max().unwrap_or(0).max(8) + 4;
    let kind = keys.iter().map(|key| key.algorithm.len()).max().unwrap_or(0) + 4;
    let mut lines = vec![format!("{:<name$}{:<kind$}{:<54}COMMENT", "USERNAME", "TYPE", "FINGERPRINT")];
    lines.extend(keys.iter().map(|key| {
        let line =
            format!("{:<name$}{:<kind$}{:<54}{}", key.username.as_str(), key.algorithm, key.fingerprint, key.comment);
        line.trim_end().to_owned()
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use mmp_model::ssh::Algorithms;

    use super::*;

    const FINGERPRINT: &str = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA";

    #[test]
    fn the_state_is_a_block_of_labels() {
        let users = vec!["admin".parse().unwrap(), "bob".parse().unwrap()];
        insta::assert_snapshot!(show(&SshNow { algorithms: Algorithms::Modern, users }), @r"
        Algorithms            : modern
        Users with keys       : admin bob
        ");
        assert!(show(&SshNow { algorithms: Algorithms::Compatible, users: Vec::new() }).ends_with(": none"));
    }

    #[test]
    fn keys_are_a_table() {
        let key = |user: &str, comment: &str| UserKey {
            username: user.parse().unwrap(),
            algorithm: "ssh-ed25519".into(),
            fingerprint: FINGERPRINT.into(),
            comment: comment.into(),
        };
        insta::assert_snapshot!(keys(&[key("admin", "laptop"), key("bob", "")]), @r"
        USERNAME    TYPE           FINGERPRINT                                           COMMENT
        admin       ssh-ed25519    SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA    laptop
        bob         ssh-ed25519    SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA
        ");
        assert_eq!(keys(&[]), "none");
    }

    #[test]
    fn fingerprints_are_a_line_each() {
        let key = HostKey { algorithm: "ssh-ed25519".into(), fingerprint: FINGERPRINT.into() };
        assert_eq!(fingerprints(&[key]), format!("ssh-ed25519           : {FINGERPRINT}"));
        assert!(fingerprints(&[]).starts_with("none yet"));
    }
}
