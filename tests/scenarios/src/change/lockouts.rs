//! Harmful changes made on condition over SSH: whatever it was, the administrator gets in again by himself, and the
//! settings are the old ones. `ROSTRUM_LOCKOUTS` says how many; each appliance is a container with a computer beside it.

use std::{
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use harness::{
    appliance::{FACTORY, PASSWORD},
    container::{Container, NSPAWN},
    lan,
    ssh::Client,
    tools,
};

use crate::{boxes, expect, stage::Stage};

/// Changes of an ordinary test run.
const FEW: usize = 50;
/// Appliances side by side: most of the time is spent waiting.
const BOXES: usize = 10;
/// One SSH command.
const LINE: Duration = Duration::from_secs(20);
/// Whoever has no answer for so long is cut off.
const CUT_OFF: Duration = Duration::from_secs(6);
/// From the change to the way back in: ten seconds to confirm in, and the undoing on a busy host.
const BACK: Duration = Duration::from_secs(60);

pub fn run(_: &mut Stage) -> Result<()> {
    ensure!(Path::new(NSPAWN).exists(), "the package systemd-container is missing");
    let wanted = boxes::count("ROSTRUM_LOCKOUTS", FEW)?;
    let (next, locked_out) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..BOXES.min(wanted) {
            scope.spawn(|| {
                let worked = work(&next, wanted, &locked_out);
                if let Err(error) = worked {
                    failures.lock().expect("no thread panics with it").push(format!("{error:#}"));
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panics with it");
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    let locked_out = locked_out.into_inner();
    eprintln!("{wanted} harmful changes, {locked_out} of them cut SSH off for a while");
    // A generator whose changes harm nothing proves nothing.
    ensure!(locked_out * 3 > wanted, "only {locked_out} of {wanted} changes cut SSH off");
    Ok(())
}

fn work(next: &AtomicUsize, wanted: usize, locked_out: &AtomicUsize) -> Result<()> {
    let folder = tempfile::tempdir_in(tools::target())?;
    let container = boxes::start(folder.path(), &[])?;
    boxes::explained(&container, work_in(&container, next, wanted, locked_out))
}

fn work_in(container: &Container, next: &AtomicUsize, wanted: usize, locked_out: &AtomicUsize) -> Result<()> {
    let client = container.ssh(lan::APPLIANCE, FACTORY, PASSWORD)?;
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        if number >= wanted {
            return Ok(());
        }
        let generation = generation(container)?;
        let lines = harmful(number, generation);
        let cut = one(&client, &lines, generation).with_context(|| format!("change {number}: {}", lines.join("; ")))?;
        locked_out.fetch_add(usize::from(cut), Ordering::SeqCst);
    }
}

/// Number of the settings in force.
fn generation(container: &Container) -> Result<u64> {
    let name = container.newest_settings()?.context("there are no settings")?;
    let number = name.trim_start_matches("generation-").trim_end_matches(".json");
    number.parse().with_context(|| format!("{name} has no number"))
}

/// Makes the changes and waits for the way back to a generation; whether SSH was cut off meanwhile.
fn one(client: &Client, lines: &[String], generation: u64) -> Result<bool> {
    let typed: String = lines.iter().map(|line| format!("try for 10 {line} --yes\n")).collect();
    let started = Instant::now();
    let answer = client.pipe(&typed, LINE);
    if let Ok(outcome) = &answer {
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        ensure!(outcome.stdout.contains("On condition"), "it was not made on condition: {said}");
    }
    let (mut longest, mut last) = (Duration::ZERO, Instant::now());
    loop {
        ensure!(started.elapsed() < BACK, "no way back in");
        // A connection waits for the way back, or is refused.
        if let Ok(shown) = client.run("try", LINE)
            && shown.status.success()
        {
            longest = longest.max(last.elapsed());
            last = Instant::now();
            if shown.stdout.contains("Nothing waits") {
                break;
            }
        }
        thread::sleep(Duration::from_millis(500));
    }
    let cut = answer.is_err() || longest > CUT_OFF;
    let compared = client.run(&format!("settings compare {generation}"), LINE)?;
    expect::same(compared.stdout.trim(), "No difference")?;
    Ok(cut)
}

/// A change of the way in, of every kind in turn with other values each time.
fn harmful(number: usize, generation: u64) -> Vec<String> {
    let n = number / KINDS.len();
    let other = 16 + n % 200;
    // The first settings are not kept for ever.
    let kinds = if generation < KEPT { KINDS } else { &KINDS[..KINDS.len() - 1] };
    kinds[number % kinds.len()].iter().map(|line| line.replace("{n}", &other.to_string())).collect()
}

/// Restore points that are kept.
const KEPT: u64 = 60;

/// Lines of one change each, made one after the other on the same condition.
const KINDS: &[&[&str]] = &[
    &["ipv4 a add 198.51.100.{n}/24 198.51.100.1"],
    &["ipv4 a add 10.0.2.{n}/24 10.0.2.2"],
    &["ipv4 a add 10.0.3.{n}/16 10.0.0.1"],
    &["ipv4 a add 10.0.2.14/30 10.0.2.13"],
    &["ipv4 a del"],
    &["ipv4 a disable"],
    &["ipv4 a dhcp"],
    &["ipv4 a add 172.16.{n}.1/20 172.16.{n}.9", "ipv4 a route add 10.0.2.0/24"],
    &["firewall a default deny", "firewall a enable"],
    &["firewall a default allow", "firewall a deny 22/tcp", "firewall a enable"],
    &["user host admin add 203.0.113.{n}"],
    &["user duty admin !Al"],
    &["user expire admin"],
    &["settings restore 1"],
];
