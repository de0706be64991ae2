//! What happens to the appliance: a daemon is killed, memory runs out, somebody sends nonsense, the log is flooded.
//!
//! Invariants: a program that is to be ended, or that runs as an account, is a copy of this one; chance comes from a seed.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::{
        net::{UnixDatagram, UnixStream},
        process::CommandExt,
    },
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::figures;

/// Arguments of the copies.
pub const HOG: &str = "hog";
/// The same.
pub const SPRAY: &str = "spray";
/// This program, wherever its file has gone.
const SELF: &str = "/proc/self/exe";
const SOCKET: &str = "/run/mmpd/control.sock";
const JOURNAL: &str = "/run/systemd/journal/socket";
/// The factory account and the group of all accounts.
const ACCOUNT: (u32, u32) = (10_000, 700);
/// At a time.
const CHUNK: usize = 1 << 20;
/// Connections that are left open half way while others come.
const HANGING: usize = 8;
/// mmpd's answer to nonsense, or its silence, is waited for no longer.
const PATIENCE: Duration = Duration::from_millis(200);

/// Answers `kill NAME MICROSECONDS`: ends the first process of the name after that time; its number.
pub fn kill_after(name: &str, microseconds: u64) -> io::Result<String> {
    thread::sleep(Duration::from_micros(microseconds));
    let found = figures::named(name)?.into_iter().min().ok_or_else(|| io::Error::other("no such process"))?;
    kill(Pid::from_raw(found.cast_signed()), Signal::SIGKILL)?;
    Ok(found.to_string())
}

/// Answers `hog KILLS`: a program takes memory until it is ended for it, or, when `KILLS` is not 0, until the kernel has
/// ended so many others, and gives it all back. How it ended.
pub fn hog(kills: u32) -> io::Result<String> {
    let status = Command::new(SELF).args([HOG, &kills.to_string()]).status()?;
    Ok(status.to_string())
}

/// The copy that takes memory.
pub fn take_memory(kills: u64) -> io::Result<()> {
    let first_to_go = if kills == 0 { "1000" } else { "-1000" };
    fs::write("/proc/self/oom_score_adj", first_to_go)?;
    let enough = ended_for_memory()? + kills;
    let mut taken: Vec<Vec<u8>> = Vec::new();
    while kills == 0 || ended_for_memory()? < enough {
        // Not zeros: pages that differ cannot be shared.
        let mut chunk = vec![0; CHUNK];
        chunk.iter_mut().step_by(512).zip(1_u32..).for_each(|(byte, number)| *byte = number.to_le_bytes()[0] | 1);
        taken.push(chunk);
    }
    drop(taken);
    Ok(())
}

fn ended_for_memory() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/vmstat")?;
    let count = text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok());
    count.ok_or_else(|| io::Error::other("no oom_kill"))
}

/// Answers `spray BYTES SEED FRAME FRAME...`: an account sends that many bytes of nonsense to mmpd. How it went.
pub fn spray(bytes: u32, rest: &str) -> io::Result<String> {
    let mut command = Command::new(SELF);
    command.args([SPRAY, &bytes.to_string(), rest]).uid(ACCOUNT.0).gid(ACCOUNT.1);
    let output = command.output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The copy that sends it. `rest` is a seed and messages of the protocol, the opening one first, between blanks.
pub fn send_nonsense(bytes: usize, rest: &str) -> io::Result<()> {
    let mut words = rest.split(' ');
    let seed = words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
    let messages: Vec<&str> = words.collect();
    let (Some(hello), true) = (messages.first(), messages.len() > 1) else {
        return Err(io::Error::other("no messages to begin with"));
    };
    let mut chance = Chance(seed);
    let (mut sent, mut connections, mut answers) = (0, 0_u32, 0_u32);
    let mut hanging: Vec<UnixStream> = Vec::new();
    while sent < bytes {
        let bytes = nonsense(&mut chance, hello, &messages);
        let mut stream = UnixStream::connect(SOCKET)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(10 * PATIENCE))?;
        connections += 1;
        // mmpd may hang up in the middle of it.
        sent += if stream.write_all(&bytes).is_ok() { bytes.len() } else { 1 };
        if chance.below(8) == 0 {
            hanging.push(stream);
            if hanging.len() > HANGING {
                hanging.remove(0);
            }
            continue;
        }
        let _ = stream.shutdown(std::net::Shutdown::Write);
        answers += u32::from(stream.read(&mut [0; 64]).is_ok_and(|count| count > 0));
    }
    println!("bytes {sent}\nconnections {connections}\nanswers {answers}");
    Ok(())
}

fn nonsense(chance: &mut Chance, hello: &str, messages: &[&str]) -> Vec<u8> {
    let length = 1 + chance.below(6000);
    let noise = chance.bytes(length);
    let frame = |body: &[u8]| [&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes()[..], body].concat();
    let opened = frame(hello.as_bytes());
    match chance.below(8) {
        0 => noise,
        1 => frame(&noise),
        // A length that never comes, or that nobody may send.
        2 => [&[0, 15, 255, 255][..], &noise].concat(),
        3 => [&[255; 4][..], &noise].concat(),
        4 => [opened, noise].concat(),
        5 => [opened, frame(&noise)].concat(),
        6 => [opened, frame(json(chance, 6).as_bytes())].concat(),
        // Messages with a few bytes of theirs changed, the opening one too.
        _ => {
            let changed = |chance: &mut Chance, text: &str| {
                let mut bytes = text.as_bytes().to_vec();
                for _ in 0..chance.below(4) {
                    let at = chance.below(bytes.len());
                    bytes[at] = chance.bytes(1)[0];
                }
                bytes
            };
            let first = changed(chance, hello);
            let mut all = frame(&first);
            for _ in 0..chance.below(6) {
                let message = messages[1 + chance.below(messages.len() - 1)];
                all.extend(frame(&changed(chance, message)));
            }
            all
        }
    }
}

/// Some JSON value.
fn json(chance: &mut Chance, depth: usize) -> String {
    let word = |chance: &mut Chance| {
        let words =
            ["call", "cancel", "line", "request", "Dns", "Show", "user", "Text", "x", "\\u0000", "\\ud83d\\ude00"];
        format!("\"{}\"", words[chance.below(words.len())])
    };
    match chance.below(if depth == 0 { 4 } else { 6 }) {
        0 => word(chance),
        1 => format!("-{}e{}", chance.below(1000), chance.below(400)),
        2 => "null".into(),
        3 => "18446744073709551616".into(),
        4 => {
            let items: Vec<String> = (0..chance.below(5)).map(|_| json(chance, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let items: Vec<String> =
                (0..chance.below(5)).map(|_| format!("{}:{}", word(chance), json(chance, depth - 1))).collect();
            format!("{{{}}}", items.join(","))
        }
    }
}

/// Answers `fill MIB FILE`: a file takes so much of the disk.
pub fn fill(mib: u32, path: &Path) -> io::Result<String> {
    let file = fs::File::create(path)?;
    let size = i64::from(mib) << 20;
    nix::fcntl::fallocate(&file, nix::fcntl::FallocateFlags::empty(), 0, size)?;
    file.sync_all()?;
    Ok(String::new())
}

/// Answers `flood MIB`: so much goes to the log, in lines that no compression makes smaller.
pub fn flood(mib: u32) -> io::Result<String> {
    const LINE: usize = 48 << 10;
    let socket = UnixDatagram::unbound()?;
    let mut chance = Chance(u64::from(mib) + 1);
    let mut sent = 0;
    while sent < (mib as usize) << 20 {
        let text: String = chance.bytes(LINE).iter().map(|byte| char::from(b'!' + byte % 90)).collect();
        let message = format!("PRIORITY=6\nSYSLOG_IDENTIFIER=flood\nMESSAGE={text}\n");
        // Blocks while journald is behind.
        socket.send_to(message.as_bytes(), JOURNAL)?;
        sent += LINE;
    }
    Ok(sent.to_string())
}

/// xorshift64* (Vigna, 2016).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % end.max(1)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_of_every_kind_and_the_same_again() {
        let make = || {
            let mut chance = Chance(7);
            (0..200).map(|_| nonsense(&mut chance, "{}", &["{}", "[1]"])).collect::<Vec<_>>()
        };
        let all = make();
        assert_eq!(all, make());
        assert!(all.iter().any(|bytes| bytes.starts_with(&[0, 0, 0, 2, b'{', b'}'])));
        assert!(all.iter().any(|bytes| bytes.starts_with(&[255; 4])));
    }
}
