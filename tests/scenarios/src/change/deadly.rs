//! A service that fails of a change (crash, hang, refused configuration, port taken, a death seconds later): the settings of
//! before are in force again within ten seconds, and the reason is told. `ROSTRUM_FAILURES` says how many.

use std::{
    fs,
    net::{TcpListener, UdpSocket},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{
    container::{Container, NSPAWN, until},
    tools,
};
use nix::sched::{CloneFlags, setns};

use crate::{boxes, expect, stage::Stage};

/// Failures of an ordinary test run.
const FEW: usize = 14;
/// From the command to the settings of before.
const WITHIN: Duration = Duration::from_secs(10);
/// How a service fails.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It cannot start with the new settings, in this way.
    Start(&'static str),
    /// Somebody else has its port.
    Port,
    /// It starts, answers, and dies a moment later.
    Later,
}

/// A service, and the change that it fails of.
#[derive(Clone, Copy, Debug)]
struct Case {
    unit: &'static str,
    change: &'static str,
    fault: Fault,
    /// Set before, so that the service runs already.
    before: Option<&'static str>,
}

const UNBOUND: &str = "unbound.service";
const CHRONY: &str = "chrony.service";
const ZONE: &str = "dns add forwardzone {how}.fault.example 10.0.2.3";
const SERVER: &str = "ntp server add {how}.fault.example";
const RUNNING_ZONE: &str = "dns add forwardzone base.example 10.0.2.3";
const RUNNING_SERVER: &str = "ntp server add 10.0.2.2";
/// A new group key is read at a start only.
const KEY: &str = "ntp groupkey {how}.txt";

const CASES: [Case; 14] = [
    Case { unit: UNBOUND, change: ZONE, fault: Fault::Start("crash"), before: None },
    Case { unit: UNBOUND, change: ZONE, fault: Fault::Start("hang"), before: None },
    Case { unit: UNBOUND, change: ZONE, fault: Fault::Start("refused"), before: None },
    Case { unit: UNBOUND, change: ZONE, fault: Fault::Port, before: None },
    Case { unit: UNBOUND, change: ZONE, fault: Fault::Later, before: None },
    Case { unit: UNBOUND, change: ZONE, fault: Fault::Later, before: Some(RUNNING_ZONE) },
    Case { unit: CHRONY, change: SERVER, fault: Fault::Start("crash"), before: None },
    Case { unit: CHRONY, change: SERVER, fault: Fault::Start("hang"), before: None },
    Case { unit: CHRONY, change: SERVER, fault: Fault::Start("refused"), before: None },
    Case { unit: CHRONY, change: SERVER, fault: Fault::Later, before: None },
    Case { unit: CHRONY, change: SERVER, fault: Fault::Later, before: Some(RUNNING_SERVER) },
    Case { unit: CHRONY, change: KEY, fault: Fault::Start("crash"), before: Some(RUNNING_SERVER) },
    Case { unit: CHRONY, change: KEY, fault: Fault::Start("hang"), before: Some(RUNNING_SERVER) },
    Case { unit: CHRONY, change: KEY, fault: Fault::Start("refused"), before: Some(RUNNING_SERVER) },
];

pub fn run(_: &mut Stage) -> Result<()> {
    ensure!(Path::new(NSPAWN).exists(), "the package systemd-container is missing");
    let wanted = boxes::count("ROSTRUM_FAILURES", FEW)?;
    let folder = tempfile::tempdir_in(tools::target())?;
    let container = boxes::start_faulty(folder.path())?;
    for how in ["crash", "hang", "refused"] {
        fs::write(container.data().join("files").join(format!("{how}.txt")), format!("1 SHA1 {how}.fault.example\n"))?;
    }
    let mut slowest = Duration::ZERO;
    for number in 0..wanted {
        let case = CASES[number % CASES.len()];
        let taken = fail(&container, case).with_context(|| format!("failure {number}: {case:?}"));
        slowest = slowest.max(boxes::explained(&container, taken)?);
    }
    eprintln!("{wanted} failing services, the slowest change undone after {:.1} s", slowest.as_secs_f64());
    Ok(())
}

fn fail(container: &Container, case: Case) -> Result<Duration> {
    if let Some(line) = case.before {
        container.lines(&format!("{line}\n"))?.success(line)?;
    }
    let (before, was) = (settings(container)?, state(container, case.unit)?);
    let how = if let Fault::Start(how) = case.fault { how } else { "later" };
    let change = case.change.replace("{how}", how);
    let _port = matches!(case.fault, Fault::Port).then(|| take_port(container)).transpose()?;
    let started = Instant::now();
    let answer = container.lines(&format!("{change}\n"))?;
    if matches!(case.fault, Fault::Later) {
        ensure!(answer.status.success(), "the service did not even start: {}", answer.stderr);
        container.root(&["/usr/bin/systemctl", "kill", "--signal=SEGV", case.unit])?.success("the death")?;
        until("the settings of before", WITHIN, || Ok(settings(container)? == before))?;
        let list = container.lines("settings list\n")?.success("settings list")?;
        expect::holds(list.lines().nth(1).unwrap_or_default(), &format!("is undone: {} died of it", case.unit))?;
    } else {
        let said = format!("{}{}", answer.stdout, answer.stderr);
        ensure!(!answer.status.success(), "the change was taken: {said}");
        expect::holds(&said, &format!("{} does not serve with it", case.unit))?;
        expect::holds(&said, &format!("{} said: ", case.unit))?;
        expect::holds(&said, "The old settings are in force again")?;
        expect::same(&settings(container)?, &before)?;
    }
    let taken = started.elapsed();
    ensure!(taken < WITHIN, "it took {:.1} s", taken.as_secs_f64());
    until("the service as it was", WITHIN, || Ok(state(container, case.unit)? == was))?;
    if let Some(line) = case.before {
        let back = line.replace(" add ", " del ");
        container.lines(&format!("{back}\n"))?.success(&back)?;
    }
    Ok(taken)
}

/// The settings in force, without their number and author.
fn settings(container: &Container) -> Result<String> {
    let name = container.newest_settings()?.context("there are no settings")?;
    let text = fs::read_to_string(container.data().join("settings").join(name))?;
    Ok(text.split_once('\n').map(|(_, body)| body.to_owned()).unwrap_or_default())
}

fn state(container: &Container, unit: &str) -> Result<String> {
    let shown = container.root(&["/usr/bin/systemctl", "show", "--property=SubState", "--value", unit])?;
    let state = shown.success("the state of a unit")?.trim().to_owned();
    // One that has failed and is not wanted is as good as one that never ran.
    Ok(if state == "failed" { "dead".into() } else { state })
}

/// Somebody else has unbound's port inside, as long as the value lives.
fn take_port(container: &Container) -> Result<(UdpSocket, TcpListener)> {
    let namespace = fs::File::open(format!("/proc/{}/ns/net", container.first))?;
    // The namespace is a thread's own; the sockets stay in it wherever they go.
    let taken = thread::spawn(move || -> Result<_> {
        setns(namespace, CloneFlags::CLONE_NEWNET)?;
        Ok((UdpSocket::bind("127.0.0.1:53")?, TcpListener::bind("127.0.0.1:53")?))
    });
    taken.join().map_err(|_| anyhow::anyhow!("the thread ended early"))?
}
