//! The firewall as the guides set it up: a denied port ends logins and takes no new ones, what the appliance asks itself
//! is answered, and after a reboot the rules are there before the addresses are.

use std::{
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};
use harness::{
    Appliance,
    appliance::{ANSWER, FACTORY, PASSWORD, PROMPT},
    knock::{Knock, knock},
    lan::{APPLIANCE, GATEWAY, NAME_SERVER, ROUTER6},
};

use crate::{expect, stage::Stage};

/// In this time a login that lives would long have answered.
const DEAD: Duration = Duration::from_secs(5);
/// A port that drops packets is known by its silence.
const SILENCE: Duration = Duration::from_millis(1500);

pub fn denied_port(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let refusal = appliance.command("firewall a enable")?;
    expect::holds(&refusal, "FAILURE: default policy not set")?;
    appliance.silent("firewall a default allow")?;
    appliance.silent("firewall a deny 22")?;
    // Not in force yet: somebody logs in.
    let mut login = appliance.ssh(FACTORY, PASSWORD)?.session()?;
    login.terminal.expect_prompt(PROMPT, ANSWER)?;
    expect::same(&login.terminal.command(PROMPT, "hostname", ANSWER)?, "cms")?;
    appliance.silent("firewall a enable")?;
    ensure!(login.terminal.command(PROMPT, "version", DEAD).is_err(), "the login goes on");
    silent(None, APPLIANCE.into())?;
    expect::same(
        &appliance.command("firewall a")?,
        "Firewall enabled   : true\nDefault policy     : allow\nTag  Rule\n---  ----\n  0  deny  22/tcp",
    )?;
    appliance.silent("firewall a delete 0")?;
    appliance.wait_for_ssh()?;
    expect::holds(&appliance.command("firewall a delete 0")?, "No such rule: 0")
}

pub fn default_deny(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    appliance.silent("dns add forwardzone . 10.0.2.3")?;
    appliance.silent("ipv6 a slaac disable")?;
    appliance.silent("ipv6 a add 2001:db8:2::15/64")?;
    appliance.silent("ipv6 a enable")?;
    appliance.silent("firewall a default deny")?;
    appliance.silent(&format!("firewall a allow ssh from {GATEWAY}"))?;
    appliance.silent("firewall a enable")?;
    // One host may come in, another not, and nobody over IPv6.
    expect::code(&appliance.ssh(FACTORY, PASSWORD)?.run("version", ANSWER)?, 0)?;
    silent(Some(NAME_SERVER.into()), APPLIANCE.into())?;
    silent(None, "2001:db8:2::15".parse()?)?;
    own_requests(appliance)?;

    appliance.silent("firewall a delete 0")?;
    silent(None, APPLIANCE.into())?;
    let (over, answers, tries) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                tries.fetch_add(1, Ordering::Relaxed);
                answers.fetch_add(usize::from(silent(None, APPLIANCE.into()).is_err()), Ordering::Relaxed);
            }
        });
        let booted = appliance.reboot().and_then(|()| appliance.log_in(FACTORY, PASSWORD));
        let came_up = booted.and_then(|()| own_requests(appliance));
        over.store(true, Ordering::Relaxed);
        came_up
    })?;
    ensure!(tries.into_inner() > 3, "nobody knocked while the appliance booted");
    ensure!(answers.into_inner() == 0, "port 22 answered during the boot");
    // The console is the way back.
    appliance.silent("firewall a disable")?;
    appliance.wait_for_ssh()
}

/// Names, and neighbours of both kinds.
fn own_requests(appliance: &mut Appliance) -> Result<()> {
    expect::same(&appliance.command("dns lookup a cb1.example.com")?, "cb1.example.com. A 192.0.2.151")?;
    expect::holds(&appliance.command("ping 10.0.2.2")?, "4 received")?;
    expect::holds(&appliance.command(&format!("ping {ROUTER6}"))?, "4 received")
}

/// Nothing comes back from port 22, neither a connection nor a refusal.
fn silent(from: Option<IpAddr>, to: IpAddr) -> Result<()> {
    let answer = knock(from, SocketAddr::from((to, 22)), SILENCE)?;
    ensure!(answer == Knock::Silent, "port 22 of {to} is {answer:?}");
    Ok(())
}
