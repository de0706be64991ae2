//! A stream of changes of every family, typed over SSH, with uploads and snapshots beside it.
//!
//! Invariants: the lines are one endless sequence, each of which changes settings when all before it did, so that a machine
//! that was cut goes on with the line after the last that it kept; what is asked and answered is told to the witness at
//! that moment.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};
use harness::{
    appliance::ANSWER,
    medium::{Dice, Medium},
    process::{self, Running},
    ssh::Client,
};

use super::witness::{Content, Witness};

/// A password of an account that nobody uses.
const UNUSED: &str = "Unused-Account-1";
/// What a line may print that was carried out; most print nothing.
const TAKEN: &[&str] = &[
    "Success",
    "A reboot is required",
    "SSH now offers",
    "for the change to take effect",
    "WARNING: when all administrators have lost",
];
/// Names that uploads take in turn; more uploads than names, so that files are replaced.
const NAMES: usize = 6;
/// Files of one SFTP session: sent together, answered at its end.
const TOGETHER: usize = 3;
/// SFTP sessions between two snapshots.
const APART: usize = 4;
/// Longest file of most uploads, and of now and then one.
const SHORT: usize = 100_000;
const LONG: usize = 1_500_000;

/// The lines of one round; every round leaves as many settings as the one before it.
fn round(number: usize) -> Vec<String> {
    let low = number % 200 + 1;
    let odd = number % 2 == 1;
    let zone = ["Europe/Berlin", "Asia/Tokyo", "America/Lima"][number % 3];
    [
        "dns add forwardzone zone{n}.example.com 10.0.2.{low}",
        "hostname cms{n}",
        "dns add rr \"host{n}.example.com. 60 IN A 10.0.9.{low}\"",
        "ntp server add ntp{n}.example.com",
        "timezone {zone}",
        "ipv4 b add 10.0.3.{low}/24 10.0.3.250",
        "user add user{n} audit",
        "ipv4 b route add 172.16.{low}.0/24",
        "dscp 4 voice {class}",
        "iface b mtu {mtu}",
        "syslog server add log{n}.example.com",
        "audit http {switch}",
        "ssh algorithms {algorithms}",
        "banner add \"Round {n}\"",
        "user rule min_length {length}",
        "webadmin listen b {port}",
        "tls webadmin min-tls-version {tls}",
        "syslog server del log{n}.example.com",
        "firewall b deny {port}",
        "recovery {other}",
        "firewall b delete 0",
        "dns del rr host{n}.example.com. A",
        "ipv4 b route del 172.16.{low}.0/24",
        "ntp server del ntp{n}.example.com",
        "user del user{n}",
        "dns del forwardzone zone{n}.example.com 10.0.2.{low}",
    ]
    .iter()
    .map(|line| {
        line.replace("{n}", &number.to_string())
            .replace("{low}", &low.to_string())
            .replace("{zone}", zone)
            .replace("{class}", &format!("0x{:02X}", number % 60 + 1))
            .replace("{switch}", if odd { "disable" } else { "enable" })
            .replace("{other}", if odd { "enable" } else { "disable" })
            .replace("{algorithms}", if odd { "modern" } else { "compatible" })
            .replace("{port}", &(1024 + number).to_string())
            .replace("{tls}", if odd { "1.2" } else { "1.3" })
            .replace("{length}", if odd { "8" } else { "9" })
            .replace("{mtu}", &(1300 + number % 200).to_string())
    })
    .collect()
}

/// A line of the sequence.
pub fn line(index: usize) -> String {
    let count = round(0).len();
    round(index / count).swap_remove(index % count)
}

/// What types, and where.
pub struct Stream<'a> {
    /// The disk whose record tells the moments.
    pub medium: &'a Medium,
    /// An administrator.
    pub client: &'a Client,
    /// Whom to tell.
    pub witness: &'a Mutex<Witness>,
    /// The shell's prompt.
    pub prompt: &'a str,
    /// For files that are sent.
    pub folder: &'a Path,
    /// Programs to end when the power goes, by number.
    pub programs: &'a Mutex<Vec<u32>>,
    /// Seed of the uploads.
    pub seed: u64,
}

impl Stream<'_> {
    /// Types so many lines, and sends files meanwhile.
    pub fn run(&self, lines: usize) -> Result<()> {
        let done = AtomicBool::new(false);
        // A login that begins in the moment in which SSH starts anew is dropped: neither waits for the other's luck.
        let logins = Mutex::new(());
        thread::scope(|scope| {
            let uploads = scope.spawn(|| self.upload_until(&done, &logins));
            let typed = self.type_lines(lines, &logins);
            done.store(true, Ordering::Relaxed);
            let sent = uploads.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the uploads panicked")));
            typed.and(sent)
        })
    }

    /// The same until the power goes at a place of the record; `machine` is QEMU's process number.
    pub fn run_until_cut(&self, position: usize, machine: u32, within: Duration) -> Result<()> {
        self.medium.cut_at(position);
        thread::scope(|scope| {
            let cut = scope.spawn(|| {
                let cut = self.medium.wait_for_cut(within);
                process::kill_at_once(machine);
                lock(self.programs).iter().copied().for_each(process::kill_at_once);
                cut
            });
            let typed = self.run(usize::MAX);
            let cut = cut.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the cut panicked")));
            // Without the cut, how the stream ended says more.
            match (typed, cut) {
                (_, Ok(())) => Ok(()),
                (Err(error), Err(_)) | (Ok(()), Err(error)) => Err(error),
            }
        })
    }

    fn type_lines(&self, lines: usize, logins: &Mutex<()>) -> Result<()> {
        let mut session = self.client.session()?;
        lock(self.programs).push(session.id());
        let terminal = &mut session.terminal;
        terminal.expect_prompt(self.prompt, ANSWER)?;
        for _ in 0..lines {
            let line = lock(self.witness).ask(self.medium.position());
            let _nobody_logs_in = line.starts_with("ssh ").then(|| lock(logins));
            let printed = if line.starts_with("user add") {
                terminal.send_line(&line)?;
                for _ in 0..2 {
                    terminal.expect("Please enter new password", ANSWER)?;
                    terminal.send_line(UNUSED)?;
                }
                terminal.expect("Success", ANSWER)?;
                terminal.expect_prompt(self.prompt, ANSWER)?;
                String::new()
            } else {
                terminal.command(self.prompt, &line, ANSWER)?
            };
            lock(self.witness).answered(self.medium.position());
            let taken = printed.is_empty() || TAKEN.iter().any(|text| printed.contains(text));
            ensure!(taken, "\"{line}\" is to be taken, and printed: {printed}");
        }
        Ok(())
    }

    /// Sends and removes files in small groups, and takes a snapshot now and then; the next group removes it.
    fn upload_until(&self, done: &AtomicBool, logins: &Mutex<()>) -> Result<()> {
        let mut dice = Dice(self.seed);
        let mut number = dice.below(NAMES);
        let mut old = BTreeMap::new();
        for session in 1.. {
            if done.load(Ordering::Relaxed) {
                break;
            }
            let mut files = std::mem::take(&mut old);
            let mut batch: String = files.keys().map(|name| format!("-rm {name}\n")).collect();
            for _ in 0..TOGETHER {
                let name = format!("upload{}.cer", number % NAMES);
                number += 1;
                if dice.below(5) == 0 {
                    // It need not be there.
                    batch += &format!("-rm {name}\n");
                    files.insert(name, Content::Gone);
                    continue;
                }
                let most = if dice.below(20) == 0 { LONG } else { SHORT };
                let content: Arc<[u8]> = (0..dice.below(most) / 8).flat_map(|_| dice.roll().to_le_bytes()).collect();
                let file = self.folder.join(&name);
                fs::write(&file, &content)?;
                batch += &format!("put {} {name}\n", file.display());
                files.insert(name, Content::Bytes(content));
            }
            let _ssh_stays = lock(logins);
            self.answered("sftp", &mut self.client.sftp_command(), &format!("{batch}bye\n"), &files)?;
            if session % APART == 0 {
                let name = format!("snapshot{}", dice.below(100_000));
                let pair = [format!("{name}.bak"), format!("{name}.json")];
                let mut command = self.client.program("ssh");
                command.arg(self.client.destination()).arg(format!("backup snapshot {name}"));
                let made = pair.clone().map(|file| (file, Content::Snapshot)).into();
                self.answered("backup snapshot", &mut command, "", &made)?;
                old = pair.map(|file| (file, Content::Gone)).into();
            }
        }
        Ok(())
    }

    /// Runs a program that asks the appliance for these files, and tells the witness before and after.
    fn answered(
        &self,
        what: &str,
        command: &mut Command,
        input: &str,
        files: &BTreeMap<String, Content>,
    ) -> Result<()> {
        lock(self.witness).send(self.medium.position(), files);
        let log = self.folder.join("client.log");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(fs::File::create(&log)?);
        let mut running = Running::start(command)?;
        lock(self.programs).push(running.id());
        running.type_in(input)?;
        let status = running.wait(ANSWER)?;
        ensure!(status.success(), "{what} ended with {status}: {}", fs::read_to_string(&log)?);
        lock(self.witness).sent(self.medium.position(), files);
        Ok(())
    }
}

/// A panic elsewhere is reported there.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
