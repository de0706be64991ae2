//! A million bytes of nonsense at mmpd's socket, from an account that may connect to it: the same mmpd answers afterwards, is
//! no larger, and has changed nothing.

use anyhow::{Context as _, Result, ensure};
use harness::appliance::{ANSWER, FACTORY, PASSWORD};
use mmp_control::{
    Ask, Call, Hello, Program, Request,
    request::{Dns, HostnameAsk, Ntp, Syslog},
};

use crate::{expect, stage::Stage};

const BYTES: usize = 1_000_000;
const SEED: u64 = 152;
/// What mmpd may be larger by, in KiB: the stacks of conversations that are still being ended.
const GROWN: u64 = 8 << 10;

pub fn run(stage: &mut Stage) -> Result<()> {
    let (appliance, probe) = stage.inside()?;
    let generations = appliance.generations()?;
    let hello = Hello { program: Program::Shell, origin: "nowhere".into() };
    let call = |request| Ask::Call(Box::new(Call { line: "nonsense".into(), request }));
    // What shows only: a message with a byte changed may still be understood.
    let asks = [
        call(Request::Dns(Dns::Show)),
        call(Request::Ntp(Ntp::Status)),
        call(Request::Hostname(HostnameAsk::Show)),
        call(Request::Syslog(Syslog::Show)),
        call(Request::News),
        Ask::Cancel,
    ];
    let mut words = vec![SEED.to_string(), serde_json::to_string(&hello)?];
    for ask in &asks {
        words.push(serde_json::to_string(ask)?);
    }
    ensure!(words.iter().all(|word| !word.contains(' ')), "a message with a blank in it");

    let before = mmpd(&probe.ask("processes")?)?;
    let told = probe.ask(&format!("spray {BYTES} {}", words.join(" ")))?;
    let after = mmpd(&probe.ask("processes")?)?;
    eprintln!("{}; mmpd had {} KiB and has {}", told.trim().replace('\n', ", "), before.1, after.1);
    let answers = told.lines().find_map(|line| line.strip_prefix("answers ")).context("no count")?;
    // Some of it was a conversation, so mmpd was reached.
    ensure!(answers.parse::<u32>()? > 10, "nothing was answered: {told}");
    ensure!(before.0 == after.0, "mmpd is another process");
    ensure!(after.1 < before.1 + GROWN, "mmpd grew from {} to {} KiB", before.1, after.1);

    expect::holds(&appliance.command("hostname")?, "cms")?;
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)?;
    expect::same(&appliance.generations()?.join(" "), &generations.join(" "))?;
    appliance.silent("dns add forwardzone after.example.com 10.0.2.3")
}

/// Number and KiB of mmpd.
fn mmpd(processes: &str) -> Result<(u32, u64)> {
    let line = processes.lines().find(|line| line.split(' ').nth(1) == Some("mmpd")).context("mmpd does not run")?;
    let mut words = line.split(' ');
    let mut next = || words.next().context("a short line");
    let number = next()?.parse()?;
    next()?;
    Ok((number, next()?.parse()?))
}
