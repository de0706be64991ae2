//! The system log is flooded: it takes no more of `/data` than its bound leaves, changes are kept as before, and the audit
//! log has every command that was typed meanwhile.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{
    appliance::{ANSWER, FACTORY, PASSWORD},
    lan,
};

use crate::{expect, stage::Stage};

const MIB: u64 = 1 << 20;
/// `SystemKeepFree` of journald.conf.
const KEPT_FREE: u64 = 256 * MIB;
/// What is free beyond it.
const ROOM: u64 = 24 * MIB;
/// A file of the log is begun as a whole, and what else is written meanwhile takes its blocks.
const SLACK: u64 = 20 * MIB;
const FLOOD: u64 = 64;
/// Lines that are typed; each is in the audit log twice and in the system log once.
const LINES: usize = 40;
/// Strangers at the SSH port, one after the other.
const STRANGERS: usize = 30;
const LONG: Duration = Duration::from_secs(240);

pub fn run(stage: &mut Stage) -> Result<()> {
    let (appliance, probe) = stage.inside()?;
    let number = |text: String| text.trim().parse::<u64>().context("no number");
    let free = number(probe.ask("free /data")?)?;
    probe.ask(&format!("fill {} /data/files/upgrade.img", (free - KEPT_FREE - ROOM) / MIB))?;
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let typed: String = (1..=LINES).map(|number| format!("flood-{number}-line\n")).collect();
    let before = Instant::now();
    let (flooded, typing) = std::thread::scope(|scope| {
        let flood = scope.spawn(|| probe.ask(&format!("flood {FLOOD}")));
        let typing = scope.spawn(|| client.pipe(&typed, LONG));
        // Their penalty is the address's, so they come once the typing has begun.
        let shown = appliance.command("hostname").map(drop);
        let strangers = (0..STRANGERS).filter(|_| stranger().is_ok()).count();
        (flood.join(), (typing.join(), shown, strangers))
    });
    flooded.map_err(|_| anyhow::anyhow!("the flood failed"))??;
    let (typing, shown, strangers) = typing;
    shown.context("the console during the flood")?;
    let typing = typing.map_err(|_| anyhow::anyhow!("the typing failed"))??;
    ensure!(typing.stderr.contains("Unknown command: flood-1-line"), "nothing was typed: {}", typing.stderr);

    let (free, log) = (number(probe.ask("free /data")?)?, number(probe.ask("use /data/log")?)?);
    eprintln!(
        "{FLOOD} MiB and {strangers} strangers in {:.1} s; the log has {} MiB, {} MiB are free",
        before.elapsed().as_secs_f64(),
        log / MIB,
        free / MIB
    );
    ensure!(free + SLACK > KEPT_FREE, "{} MiB are free", free / MIB);
    ensure!(log < FLOOD * MIB, "the log has all of the flood");

    // Not by SSH, whose port keeps an address waiting that was wrong often.
    let kept = appliance.command("audit search \"issued command <flood-\" | count")?;
    // The searching command holds the text too, and may stand there before it searches.
    let kept: usize = kept.trim().parse().with_context(|| format!("no count: {kept}"))?;
    ensure!(kept == LINES || kept == LINES + 1, "the audit log has {kept} of {LINES} lines");
    for number in [1, LINES / 2, LINES] {
        let line = format!("issued command <flood-{number}-line>: permission granted");
        expect::holds(&appliance.command(&format!("audit search \"<flood-{number}-line>\""))?, &line)?;
    }
    appliance.silent("dns add forwardzone after.example.com 10.0.2.3")?;
    expect::holds(&appliance.command("dns")?, "after.example.com")?;
    appliance.log_out()?;
    let told = appliance.log_in_told(FACTORY, PASSWORD)?;
    expect::lacks(&told, "/data is")?;
    expect::holds(&appliance.command("syslog tail 3")?, "cms")
}

/// Comes, talks nonsense and goes.
fn stranger() -> Result<()> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((lan::APPLIANCE, 22)), ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.write_all(b"nonsense\r\n")?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}
