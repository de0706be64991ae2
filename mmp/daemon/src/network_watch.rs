//! The network as it comes and goes, watched on a thread of its own for as long as mmpd runs.
//!
//! Duty: daemons that ask the network are started when the configured addresses stand, or when they have had their time
//! and the cable, the card or the DHCP server is still missing. Later, whenever the addresses stand again, the resolver
//! forgets which servers did not answer meanwhile.
//!
//! Invariants: nobody waits for this thread without a deadline; it changes no setting.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mmp_control::chain;
use mmp_model::{Letter, Settings};

use crate::{
    appliance::Appliance,
    apply::{network::is_shown, unbound_control},
    expected::{Expected, at_boot},
    journal,
    observe::{events::Events, links},
};

/// How long daemons are held back for addresses that do not come: a DHCP server answers within a few seconds of the
/// link, and a name that the appliance itself knows must not wait much longer.
const LONGEST: Duration = Duration::from_secs(10);

/// How often the addresses are looked at when no event tells of them.
const AT_LEAST: Duration = Duration::from_secs(60);
/// As long as they are missing.
const AGAIN: Duration = Duration::from_secs(2);

/// Whether the network of this boot has had its time.
#[derive(Debug, Default)]
pub struct Settling {
    over: Mutex<bool>,
    changed: Condvar,
}

impl Settling {
    /// Returns when the addresses of this boot stand or have had their time; at most that time and a moment.
    pub fn wait(&self) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(over, LONGEST + Duration::from_secs(5), |over| !*over);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether that time has come.
    pub fn is_over(&self) -> bool {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

/// Watches until the process ends.
pub fn watch(appliance: &Arc<Appliance>) {
    if let Err(error) = settle(appliance) {
        journal::error(&format!("the kernel's network events cannot be read: {error}"));
    }
    appliance.settling.end();
    for daemon in &appliance.held_back {
        if let Err(error) = appliance.system.start_late(*daemon) {
            journal::error(&format!("{} is not started: {}", daemon.unit(), chain(&error)));
        }
    }
    if let Err(error) = follow(appliance) {
        journal::error(&format!("the kernel's network events cannot be read: {error}"));
    }
}

/// Tells the resolver each time that the addresses have come to stand.
fn follow(appliance: &Appliance) -> io::Result<()> {
    let events = Events::subscribe()?;
    // Those of the boot may have come between the start of the resolver and now.
    let mut stood = false;
    loop {
        let stands = missing(&appliance.settings()).is_none();
        if stands && !stood {
            forget_dead_servers();
        }
        stood = stands;
        events.wait(if stands { AT_LEAST } else { AGAIN })?;
    }
}

/// Without it a name does not resolve for minutes after a cable came back. A resolver that does not run has forgotten.
fn forget_dead_servers() {
    for command in ["flush_infra all", "flush_bogus", "flush_negative"] {
        if unbound_control(command).is_err() {
            return;
        }
    }
}

/// Returns when the addresses stand or have had their time.
fn settle(appliance: &Appliance) -> io::Result<()> {
    let events = Events::subscribe()?;
    let started = Instant::now();
    loop {
        let Some(letter) = missing(&appliance.settings()) else {
            journal::info(&format!("the addresses stand after {} ms", started.elapsed().as_millis()));
            return Ok(());
        };
        let left = LONGEST.saturating_sub(started.elapsed());
        if left.is_zero() {
            journal::warning(&format!("interface {letter} has no address yet; daemons start without it"));
            return Ok(());
        }
        events.wait(left)?;
    }
}

/// An interface that does not have what its settings say. One without a card will not get it, and is not waited for.
fn missing(settings: &Settings) -> Option<Letter> {
    let late = |expected: &Expected| links::is_present(expected.letter) && !is_shown(expected);
    at_boot(settings).into_iter().find(late).map(|expected| expected.letter)
}
