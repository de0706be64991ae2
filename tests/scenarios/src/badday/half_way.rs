//! mmpd is killed in the middle of changes, at many moments: each acknowledged change is there, none is there by half, and the
//! time of a change on condition goes on. `ROSTRUM_KILLS` says how often.

use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{
    container::{Container, NSPAWN, until},
    medium::Dice,
    process::host,
    tools,
};

use crate::{boxes, expect, stage::Stage};

/// Kills of an ordinary test run.
const FEW: usize = 20;
/// A killed mmpd is back by then.
const WITHIN: Duration = Duration::from_secs(10);
/// From the command to the death, at most: longer than a change takes, so that some are killed behind their answer.
const LATEST: usize = 400;
const SEED: u64 = 91;
/// The shortest time of a change on condition, in seconds.
const TRIAL: u64 = 10;

pub fn run(_: &mut Stage) -> Result<()> {
    ensure!(std::path::Path::new(NSPAWN).exists(), "the package systemd-container is missing");
    let count = boxes::count("ROSTRUM_KILLS", FEW)?;
    let folder = tempfile::tempdir_in(tools::target())?;
    let container = boxes::start_faulty(folder.path())?;
    boxes::explained(&container, changes(&container, count).and_then(|()| trial(&container)))
}

fn changes(container: &Container, count: usize) -> Result<()> {
    let mut dice = Dice(SEED);
    let (mut acknowledged, mut unsure) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..count {
        let zone = format!("zone{number}.example.com");
        let moment = Duration::from_millis(dice.below(LATEST) as u64);
        // The thread may not have the container itself.
        let inside = container.enter(false);
        let (answer, death) = thread::scope(|scope| {
            let death = scope.spawn(|| {
                // Not a synchronisation: a moment of the change, whichever.
                thread::sleep(moment);
                kill(&inside)
            });
            let answer = container.lines(&format!("dns add forwardzone {zone} 10.0.2.3\n"));
            (answer, death.join())
        });
        death.map_err(|_| anyhow::anyhow!("the killing failed"))??;
        if answer?.status.success() {
            acknowledged.insert(zone)
        } else {
            unsure.insert(zone)
        };
        until("mmpd", WITHIN, || serves(container))?;
        judge(container, &acknowledged, &unsure)
            .with_context(|| format!("after death {number}, {moment:?} after the command"))?;
    }
    eprintln!("{count} deaths of mmpd, {} changes acknowledged, {} not answered", acknowledged.len(), unsure.len());
    ensure!(!acknowledged.is_empty() && !unsure.is_empty(), "all deaths fell on the same side of the answer");
    Ok(())
}

/// What was acknowledged is there, and the resolver has what the settings have.
fn judge(container: &Container, acknowledged: &BTreeSet<String>, unsure: &BTreeSet<String>) -> Result<()> {
    let dns = container.lines("dns\n")?.success("dns")?;
    let rendered = fs::read_to_string(container.path("/run/mmpd/unbound/unbound.conf")).unwrap_or_default();
    for zone in acknowledged {
        ensure!(dns.contains(zone.as_str()), "{zone} was acknowledged and is not there: {dns}");
    }
    for zone in acknowledged.iter().chain(unsure) {
        let (set, carried_out) = (dns.contains(zone.as_str()), rendered.contains(zone.as_str()));
        ensure!(set == carried_out, "{zone}: in the settings {set}, at the resolver {carried_out}");
    }
    Ok(())
}

/// A change on condition whose mmpd dies is undone at its time, not earlier and not never.
fn trial(container: &Container) -> Result<()> {
    container.lines("hostname before\n")?.success("a host name")?;
    let started = Instant::now();
    container.lines(&format!("try for {TRIAL} hostname tried\n"))?.success("a change on condition")?;
    kill(&container.enter(false))?;
    until("mmpd", WITHIN, || serves(container))?;
    expect::holds(&container.lines("try\n")?.success("try")?, "hostname tried")?;
    expect::holds(&container.lines("hostname\n")?.success("hostname")?, "tried")?;
    until("the undoing", 3 * WITHIN, || Ok(!container.lines("hostname\n")?.stdout.contains("tried")))?;
    let taken = started.elapsed();
    ensure!(taken >= Duration::from_secs(TRIAL - 1), "undone after {:.1} s already", taken.as_secs_f64());
    ensure!(taken < Duration::from_secs(TRIAL) + WITHIN, "undone after {:.1} s only", taken.as_secs_f64());
    Ok(())
}

/// `inside`: what makes a program one of the container's.
fn kill(inside: &[String]) -> Result<()> {
    let words = ["/usr/bin/systemctl", "kill", "--kill-whom=main", "--signal=KILL", "mmpd.service"];
    host("nsenter", inside.iter().map(String::as_str).chain(words)).map(drop)
}

fn serves(container: &Container) -> Result<bool> {
    Ok(container.lines("version\n")?.status.success())
}
