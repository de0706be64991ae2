//! What `ssh` shows.

use std::{fs, path::Path};

use mmp_control::{
    Refusal, Reply,
    reply::{HostKey, SshNow, UserKey},
    request::Ssh,
};
use mmp_model::{
    Settings,
    ssh::{PublicKey, unpadded_base64},
};
use sha2::{Digest, Sha256};

/// Where sshd's own keys are.
const HOST_KEYS: &str = "ssh/etc/ssh";
/// In the order in which sshd offers them.
const KINDS: [&str; 3] = ["ed25519", "ecdsa", "rsa"];

/// Answers, or `None` when something is to be changed. `data` is the folder that survives reboots.
pub fn answer(settings: &Settings, data: &Path, ask: &Ssh) -> Option<Result<Reply, Refusal>> {
    Some(Ok(match ask {
        Ssh::Show => Reply::Ssh(SshNow {
            algorithms: settings.ssh.algorithms,
            users: settings.ssh.keys.keys().cloned().collect(),
        }),
        Ssh::Fingerprints => Reply::HostKeys(host_keys(&data.join(HOST_KEYS))),
        Ssh::Keys => Reply::UserKeys(user_keys(settings)),
        Ssh::Algorithms(_) | Ssh::SetKeys(..) | Ssh::DelKeys(_) => return None,
    }))
}

/// `SHA256:` and the digest, as ssh-keygen(1) prints it.
pub fn fingerprint(key: &PublicKey) -> String {
    format!("SHA256:{}", unpadded_base64(&Sha256::digest(key.blob())))
}

/// Keys that are there; right after the first boot the slow ones are still being made.
fn host_keys(folder: &Path) -> Vec<HostKey> {
    let read = |kind| fs::read_to_string(folder.join(format!("ssh_host_{kind}_key.pub"))).ok();
    let keys = KINDS.into_iter().filter_map(|kind| read(kind)?.trim_end().parse::<PublicKey>().ok());
    keys.map(|key| HostKey { algorithm: key.algorithm().into(), fingerprint: fingerprint(&key) }).collect()
}

fn user_keys(settings: &Settings) -> Vec<UserKey> {
    let all = settings.ssh.keys.iter().flat_map(|(name, keys)| keys.iter().map(move |key| (name, key)));
    all.map(|(name, key)| UserKey {
        username: name.clone(),
        algorithm: key.algorithm().into(),
        fingerprint: fingerprint(key),
        comment: key.comment().into(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_what_ssh_keygen_prints() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob@laptop";
        let expected = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA";
        assert_eq!(fingerprint(&key.parse().unwrap()), expected);
    }
}
