//! Figures of the running system on the second serial port, for tests and benchmarks: there is no shell to ask.
//!
//! Only with `rostrum.probe` on the kernel command line, which a unified kernel image never carries. It prints and reads
//! nothing; the one line a second is JSON.
//!
//! The only unsafe code is the fork, in a program of one thread.
#![allow(unsafe_code)]

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use nix::unistd::{ForkResult, fork, getpid, setsid};
use serde_json::{Value, json};

const WORD: &str = "rostrum.probe";
const PORT: &str = "/dev/ttyS1";
const PERIOD: Duration = Duration::from_secs(1);
const SETUID_OR_SETGID: u32 = 0o6000;
const EXECUTABLE: u32 = 0o111;
/// `st` of `/proc/net/tcp`: listening; of `/proc/net/udp`: bound.
const LISTENING: [(&str, &str); 4] = [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")];

/// Leaves the probe behind when it is asked for; call it when the root is `/`.
pub fn start_if_asked() {
    let asked =
        std::fs::read_to_string("/proc/cmdline").is_ok_and(|line| line.split_whitespace().any(|word| word == WORD));
    if !asked {
        return;
    }
    // SAFETY: this program has one thread, so the child may do all that the parent may.
    if let Ok(ForkResult::Child) = unsafe { fork() } {
        let _ = setsid();
        report();
        std::process::exit(0);
    }
}

fn report() {
    let Ok(mut port) = OpenOptions::new().write(true).open(PORT) else { return };
    let (setuid, executables) = files();
    loop {
        let line = json!({
            "uptime": first_number("/proc/uptime"),
            "memory_kib": memory(),
            "processes": processes(),
            "listening": listening(),
            "setuid": setuid,
            "executables": executables,
        });
        if writeln!(port, "{line}").is_err() {
            return;
        }
        std::thread::sleep(PERIOD);
    }
}

fn text(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn first_number(path: &str) -> f64 {
    text(path).split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// Total, and what is not available to programs.
fn memory() -> Value {
    let all = text("/proc/meminfo");
    let field = |name: &str| -> u64 {
        let line = all.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
    };
    json!({ "total": field("MemTotal"), "used": field("MemTotal").saturating_sub(field("MemAvailable")) })
}

/// Programs, without kernel threads and this one.
fn processes() -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = getpid().as_raw();
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid != own)
        .filter_map(|pid| {
            let status = text(format!("/proc/{pid}/status"));
            let field = |name: &str| {
                status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
            };
            let resident: u64 = field("VmRSS")?.split_whitespace().next()?.parse().ok()?;
            Some(json!({ "pid": pid, "name": field("Name")?, "rss_kib": resident }))
        })
        .collect()
}

/// `tcp 00000000:0016`: protocol, address and port as the kernel writes them, in hexadecimal.
fn listening() -> BTreeSet<String> {
    LISTENING
        .iter()
        .flat_map(|(protocol, state)| {
            let table = text(format!("/proc/net/{protocol}"));
            let rows = table.lines().skip(1).filter_map(|line| {
                let mut words = line.split_whitespace().skip(1);
                let (local, _remote, now) = (words.next()?, words.next()?, words.next()?);
                (now == *state).then(|| format!("{protocol} {local}"))
            });
            rows.collect::<Vec<_>>()
        })
        .collect()
}

/// Setuid or setgid files of the root, and the number of executable ones.
fn files() -> (Vec<String>, u32) {
    let (mut setuid, mut executables) = (Vec::new(), 0);
    let mut folders = vec![Path::new("/usr").to_owned(), Path::new("/etc").to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(metadata) = path.symlink_metadata() else { continue };
            let mode = metadata.permissions().mode();
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_file() {
                let library = path.to_string_lossy().contains(".so");
                executables += u32::from(mode & EXECUTABLE != 0 && !library);
                if mode & SETUID_OR_SETGID != 0 {
                    setuid.push(path.to_string_lossy().into_owned());
                }
            }
        }
    }
    (setuid, executables)
}
