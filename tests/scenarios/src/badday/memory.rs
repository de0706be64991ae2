//! Memory runs out on the smallest machine: who is logged in goes on, SSH answers, what the kernel ended serves again,
//! nothing set is missing, and the login says what happened.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    container::until,
};

use crate::{
    access::accounts::{add, set_password},
    badday::KEPT,
    expect,
    stage::Stage,
};

const TEMPORARY: &str = "Temporary-Pass-1";
const OWN: &str = "Their-Own-Pass-22";

/// Programs that the kernel ends before the shortage is over.
const KILLS: u32 = 3;
/// What was ended serves again by then, on a busy host.
const AGAIN: Duration = Duration::from_secs(60);
const RECORD: &str = "dns add rr \"cb9.example.net. 86400 IN A 192.0.2.9\"";

pub fn run(stage: &mut Stage) -> Result<()> {
    let (appliance, probe) = stage.inside()?;
    appliance.silent("dns add forwardzone kept.example.com 10.0.2.3")?;
    appliance.silent(RECORD)?;
    add(appliance, "bob", "admin", TEMPORARY)?;
    set_password(appliance, "bob", TEMPORARY, OWN)?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    expect::code(&client.run("version", ANSWER)?, 0)?;

    // A program without bounds ends itself in the end, and nobody else is disturbed.
    let before = Processes::read(&probe.ask("processes")?)?;
    expect::holds(&probe.ask("hog 0")?, "signal: 9")?;
    expect::holds(&appliance.command("hostname")?, "cms")?;
    let after = Processes::read(&probe.ask("processes")?)?;
    for name in ["mmpd", "mmp"] {
        ensure!(before.number(name) == after.number(name), "{name} was ended for another's memory");
    }

    // A shortage that others pay for, while somebody works.
    let started = Instant::now();
    let (ended, answered) = std::thread::scope(|scope| {
        let hog = scope.spawn(|| probe.ask(&format!("hog {KILLS}")));
        let mut answers = 0;
        // Once more when it is over at least.
        loop {
            let over = hog.is_finished();
            expect::holds(&appliance.command("hostname")?, "cms")?;
            answers += 1;
            if over {
                break;
            }
        }
        let ended = hog.join().map_err(|_| anyhow::anyhow!("the hog failed"))??;
        anyhow::Ok((ended, answers))
    })?;
    expect::holds(&ended, "exit status: 0").context("the memory was not taken")?;
    eprintln!(
        "{KILLS} programs were ended within {:.1} s; {answered} commands were answered",
        started.elapsed().as_secs_f64()
    );
    until("the resolver", AGAIN, || Ok(appliance.command("dns lookup a cb9.example.net")?.contains("192.0.2.9")))?;
    until("SSH", AGAIN, || Ok(client.run("version", ANSWER)?.status.success()))?;
    expect::holds(&appliance.command("dns")?, KEPT.trim_end())?;
    appliance.silent("dns add forwardzone after.example.com 10.0.2.3")?;

    // It is in the log, with those whom the first program made room for.
    until("the note", AGAIN, || {
        let said = appliance.command("syslog search \"Memory ran short: the kernel has ended \"")?;
        let count = said.lines().filter_map(|line| line.split_once("has ended ")?.1.split(' ').next()?.parse().ok());
        Ok(count.max().is_some_and(|count: u32| count > KILLS))
    })?;
    // Who comes in is told; who was there was told at his prompt.
    appliance.log_out()?;
    let told = appliance.log_in_told("bob", OWN)?.replace('\r', "").replace('\n', " ");
    for wanted in ["NOTE: Memory ran short: the kernel has ended ", "'syslog search"] {
        expect::holds(&told, wanted)?;
    }
    expect::holds(&appliance.command("syslog search \"Out of memory\"")?, "Killed process")
}

/// Names and numbers of what runs.
struct Processes(Vec<(u32, String)>);

impl Processes {
    fn read(text: &str) -> Result<Self> {
        let line = |line: &str| -> Option<(u32, String)> {
            let mut words = line.split(' ');
            Some((words.next()?.parse().ok()?, words.next()?.to_owned()))
        };
        let all: Vec<_> = text.lines().filter_map(line).collect();
        ensure!(!all.is_empty(), "no processes in: {text}");
        Ok(Self(all))
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.0.iter().filter(|(_, other)| other == name).map(|(number, _)| *number).min()
    }
}
