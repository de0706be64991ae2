//! Making systemd-networkd read its files, and waiting until the kernel shows the result.
//!
//! Invariant: the watch on the kernel's addresses and routes starts before networkd is told, so that no event is missed.

use std::{
    fs, io,
    net::Ipv4Addr,
    path::Path,
    time::{Duration, Instant},
};

use mmp_model::Letter;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    expected::{Expected, Ipv4},
    observe::{self, events::Events},
};

/// Longest wait for the kernel to show a change.
const DEADLINE: Duration = Duration::from_secs(20);
/// networkd's processes, as the kernel lists them.
const PROCESSES: &str = "/sys/fs/cgroup/system.slice/systemd-networkd.service/cgroup.procs";

/// Why the network does not follow the settings.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The kernel does not talk.
    #[error("the kernel's network events cannot be read")]
    Events(#[from] io::Error),
    /// networkd does not take it.
    #[error("interface {0} did not take its new address and route in time")]
    NotTaken(Letter),
}

/// Tells networkd and waits. Before networkd runs (at boot) there is nobody to tell and nothing to wait for.
pub fn reload(expected: &[Expected]) -> Result<(), NetworkError> {
    let Some(networkd) = networkd() else { return Ok(()) };
    let events = Events::subscribe()?;
    kill(networkd, Signal::SIGHUP).map_err(io::Error::from)?;
    let end = Instant::now() + DEADLINE;
    while let Some(late) = expected.iter().find(|expected| !is_shown(expected)) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NetworkError::NotTaken(late.letter));
        }
        // An interface that is gone or a lost event must not make this wait for the whole deadline.
        events.wait(left.min(Duration::from_millis(500)))?;
    }
    Ok(())
}

/// Whether the kernel shows what is expected of an interface.
pub fn is_shown(expected: &Expected) -> bool {
    let shown = observe::links::ipv4_addresses(expected.letter);
    match &expected.ipv4 {
        Ipv4::Nothing => shown.is_empty(),
        Ipv4::Leased { routed } => !shown.is_empty() && (!routed || is_routed(expected.letter, |_| true)),
        Ipv4::Fixed { address, gateway } => {
            shown == [address.to_string()]
                && gateway.is_none_or(|hop| is_routed(expected.letter, |gateway| gateway == hop))
        }
    }
}

/// Whether a default route leaves through the interface by such a gateway.
fn is_routed(letter: Letter, wanted: impl Fn(Ipv4Addr) -> bool) -> bool {
    observe::routes::ipv4(letter).iter().any(|route| route.prefixlen == 0 && wanted(route.gateway))
}

fn networkd() -> Option<Pid> {
    let listed = fs::read_to_string(Path::new(PROCESSES)).ok()?;
    listed.lines().next()?.parse().ok().map(Pid::from_raw)
}
