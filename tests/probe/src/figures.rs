//! Answers: memory, processes, ports, and the shell's times, all as seen from inside; and what is done from there.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, time::Duration};

use probe::dialogue::{GROUP, Shell, USER};

use crate::{deeds, secrets};

const SHELL: &str = "/usr/bin/mmp";
const PROMPT: &str = "cms> ";
/// Tables of the kernel, and the state of a socket that waits for somebody: listening, and for UDP unconnected.
const PORTS: [(&str, &str); 4] = [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")];

/// Answers one question.
pub fn answer(question: &str) -> io::Result<String> {
    let mut words = question.splitn(3, ' ');
    let (name, count, rest) = (words.next(), words.next(), words.next());
    let count = count.and_then(|text| text.parse().ok()).unwrap_or(1);
    match (name, rest) {
        (Some("sync"), _) => {
            nix::unistd::sync();
            Ok(String::new())
        }
        (Some("memory"), _) => fs::read_to_string("/proc/meminfo"),
        (Some("processes"), _) => processes(),
        (Some("use"), _) => used(Path::new(question.split_once(' ').map_or("/data", |(_, path)| path))),
        (Some("free"), _) => free(Path::new(question.split_once(' ').map_or("/data", |(_, path)| path))),
        (Some("environment"), _) => environment(question.split_once(' ').map_or("mmp", |(_, name)| name)),
        (Some("sockets"), _) => fs::read_to_string("/proc/net/unix"),
        (Some("kill"), Some(after)) => {
            deeds::kill_after(question.split(' ').nth(1).unwrap_or_default(), after.parse().unwrap_or(0))
        }
        (Some("hog"), _) => deeds::hog(count),
        (Some("spray"), Some(rest)) => deeds::spray(count, rest),
        (Some("fill"), Some(path)) => deeds::fill(count, Path::new(path)),
        (Some("flood"), _) => deeds::flood(count),
        (Some("watch"), _) => secrets::watch(question.split_once(' ').map_or("", |(_, words)| words)),
        (Some("watched"), _) => secrets::watched(),
        (Some("ports"), _) => ports(),
        (Some("shell"), _) => shell_starts(count),
        (Some("command"), Some(line)) => commands(count, line),
        (Some("address"), Some(lines)) => addresses(count, lines),
        _ => Err(io::Error::other("unknown question")),
    }
}

/// Seconds that the processors had nothing to do or waited for a disk, from the first line of `/proc/stat`.
pub fn idle(text: &str) -> f64 {
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(4).take(2);
    // In hundredths.
    fields.filter_map(|word| word.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Programs that run, with their resident KiB: neither kernel threads nor this one.
fn processes() -> io::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // Whatever ends meanwhile is not counted.
        let Ok(status) = fs::read_to_string(entry.path().join("status")) else { continue };
        let field = |name: &str| {
            status.lines().find_map(|line| line.strip_prefix(name)).map_or("", str::trim).trim_end_matches(" kB")
        };
        // A kernel thread has no memory of its own.
        if pid != std::process::id() && !field("VmRSS:").is_empty() {
            text.push_str(&format!("{pid} {} {}\n", field("Name:"), field("VmRSS:")));
        }
    }
    Ok(text)
}

/// Numbers of the processes of this name.
pub fn named(name: &str) -> io::Result<Vec<u32>> {
    let numbers = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
    Ok(numbers.filter(is).collect())
}

/// The environment of every process of this name, a variable a line.
fn environment(name: &str) -> io::Result<String> {
    let mut text = String::new();
    for pid in named(name)? {
        let bytes = fs::read(format!("/proc/{pid}/environ"))?;
        text.push_str(&format!("{pid}\n{}\n", String::from_utf8_lossy(&bytes).replace('\0', "\n")));
    }
    Ok(text)
}

/// Bytes of the blocks that the files below a folder take.
fn used(folder: &Path) -> io::Result<String> {
    fn below(folder: &Path) -> io::Result<u64> {
        let mut blocks = 0;
        for entry in fs::read_dir(folder)?.flatten() {
            let about = entry.metadata()?;
            blocks += if about.is_dir() { below(&entry.path())? } else { about.blocks() * 512 };
        }
        Ok(blocks)
    }
    Ok(below(folder)?.to_string())
}

/// Bytes that are free for everybody.
fn free(folder: &Path) -> io::Result<String> {
    let about = nix::sys::statvfs::statvfs(folder)?;
    Ok((about.blocks_available() * about.fragment_size()).to_string())
}

/// `tcp 22`, `udp6 546`, with `local` behind those that only the appliance itself reaches.
fn ports() -> io::Result<String> {
    let mut text = String::new();
    for (table, state) in PORTS {
        // A kernel without IPv6 has no such table.
        let rows = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        for row in rows.lines().skip(1).filter_map(|row| port(row, state)) {
            text.push_str(&format!("{table} {row}\n"));
        }
    }
    Ok(text)
}

/// Port and scope of a row of the kernel's table, if it is in the state.
fn port(row: &str, state: &str) -> Option<String> {
    let mut fields = row.split_whitespace().skip(1);
    let (local, _, now) = (fields.next()?, fields.next()?, fields.next()?);
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Addresses are words in the byte order of the machine: 127.x.y.z ends with 7F, ::1 with 01000000.
    let loopback = (address.len() == 8 && address.ends_with("7F")) || address == "00000000000000000000000001000000";
    (now == state).then(|| format!("{port}{}", if loopback { " local" } else { "" }))
}

fn open() -> io::Result<Shell> {
    Shell::start(Path::new(SHELL), &[], Some((USER, GROUP)), &[PROMPT])
}

/// Microseconds, one a line.
fn shell_starts(count: u32) -> io::Result<String> {
    let mut text = String::new();
    for _ in 0..count {
        text.push_str(&line(open()?.started));
    }
    Ok(text)
}

/// Microseconds from Return to the prompt, one a line.
fn commands(count: u32, typed: &str) -> io::Result<String> {
    let mut shell = open()?;
    let mut text = String::new();
    for _ in 0..count {
        let (time, shown) = shell.command(typed, PROMPT)?;
        if shown.trim() == PROMPT.trim() || shown.contains("ERROR") {
            return Err(io::Error::other(format!("{typed}: {}", shown.trim())));
        }
        text.push_str(&line(time));
    }
    Ok(text)
}

/// `ADDRESS/PREFIX GATEWAY|ADDRESS/PREFIX GATEWAY`, set in turn on interface a. When the prompt is back, the address must be
/// the kernel's and the newest settings on the disk must be new, or it is an error.
fn addresses(count: u32, typed: &str) -> io::Result<String> {
    let mut shell = open()?;
    let mut text = String::new();
    let settings = Path::new("/data/settings");
    for change in typed.split('|').cycle().take(count as usize) {
        let before = newest(settings)?;
        let (time, shown) = shell.command(&format!("ipv4 a add {change}"), PROMPT)?;
        let address = change.split('/').next().unwrap_or_default();
        let in_kernel = fs::read_to_string("/proc/net/fib_trie")?.contains(&format!("-- {address}\n"));
        let kept = newest(settings)? != before;
        if !(in_kernel && kept) {
            return Err(io::Error::other(format!("{change}: in kernel {in_kernel}, kept {kept}: {}", shown.trim())));
        }
        text.push_str(&line(time));
    }
    Ok(text)
}

fn newest(folder: &Path) -> io::Result<Option<String>> {
    Ok(fs::read_dir(folder)?.flatten().filter_map(|entry| entry.file_name().into_string().ok()).max())
}

fn line(time: Duration) -> String {
    format!("{}\n", time.as_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_counts_when_it_waits_and_is_told_from_a_local_one() {
        let row = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3413 1";
        assert_eq!(port(row, "0A").as_deref(), Some("22"));
        assert_eq!(port(row, "07"), None);
        let row = "   1: 0100007F:0035 00000000:0000 0A 00000000:00000000";
        assert_eq!(port(row, "0A").as_deref(), Some("53 local"));
    }

    #[test]
    fn waiting_for_a_disk_is_idle_too() {
        assert_eq!(idle("cpu  10 0 20 150 25 0 3 0 0 0\ncpu0 10 0 20 150 25 0 3 0 0 0\n"), 1.75);
    }
}
