//! What makes this machine itself: its id, and a seed for the random numbers of its first second.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

use nix::mount::{MsFlags, mount};

use crate::fault::{self, Fault};
use crate::pseudo;

const ID: &str = "/data/machine-id";
const SEED: &str = "/data/random-seed";
const SEED_BYTES: usize = 512;

/// Users of the image itself; mmpd puts the accounts before them.
const SYSTEM_USERS: &str = "usr/share/rostrum/passwd";
const USERS: &str = "/run/rostrum/passwd";

/// Makes the image's own users known, which systemd needs for its first daemons.
pub fn provide_users(root: &str) -> Result<(), Fault> {
    pseudo::write(USERS, &pseudo::read(format!("{root}/{SYSTEM_USERS}"))?)
}

/// Gives the root its machine id, and stirs the seed of the last start into the kernel's pool.
pub fn provide(root: &str, persistent: bool) -> Result<(), Fault> {
    if persistent && let Err(error) = reseed(Path::new(SEED)) {
        fault::warn(&format!("{SEED}: {error}"));
    }
    let id = match std::fs::read_to_string(ID) {
        Ok(text) if is_id(text.trim()) => text.trim().to_owned(),
        _ => {
            let id = fresh_id()?;
            if let Err(error) = pseudo::write(ID, &format!("{id}\n")) {
                fault::warn(&format!("the machine id is not kept: {error}"));
            }
            id
        }
    };
    pseudo::write("/run/machine-id", &format!("{id}\n"))?;
    let target = format!("{root}/etc/machine-id");
    mount(Some("/run/machine-id"), target.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(|source| Fault::Mount { target, source })
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.bytes().any(|byte| byte != b'0')
}

/// A random id, marked as a version 4 UUID as systemd does.
fn fresh_id() -> Result<String, Fault> {
    let text = pseudo::read("/proc/sys/kernel/random/uuid")?;
    Ok(text.trim().replace('-', ""))
}

/// The old seed goes in, a new one comes out: the same seed is never used twice.
fn reseed(path: &Path) -> std::io::Result<()> {
    let mut pool = OpenOptions::new().read(true).write(true).open("/dev/urandom")?;
    if let Ok(old) = std::fs::read(path) {
        pool.write_all(&old)?;
    }
    let mut new = [0; SEED_BYTES];
    pool.read_exact(&mut new)?;
    std::fs::write(path, new)
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn an_id_is_32_hex_digits_and_not_all_zero() {
        assert!(is_id("0123456789abcdef0123456789abcdef"));
        assert!(!is_id("00000000000000000000000000000000"));
        assert!(!is_id("0123"));
        assert!(!is_id("g123456789abcdef0123456789abcdef"));
    }
}
