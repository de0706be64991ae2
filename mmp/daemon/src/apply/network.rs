//! Making systemd-networkd read its files, and waiting until the kernel shows the result.
//!
//! Invariant: the watch on the kernel's addresses and routes starts before networkd is told, so that no event is missed.

use std::{
    fs, io,
    net::Ipv4Addr,
    path::Path,
    time::{Duration, Instant},
};

use mmp_model::{Ipv6Prefix, Letter};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    expected::{Expected, Ipv4, Ipv6},
    observe::{
        addresses6::{self, Standing},
        events::Events,
        links, routes,
    },
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
    /// Duplicate address detection has found another host.
    #[error("another host on the segment has the address {}", .0.address())]
    Duplicate(Ipv6Prefix),
}

/// Tells networkd and waits. Before networkd runs (at boot) there is nobody to tell and nothing to wait for.
pub fn reload(expected: &[Expected]) -> Result<(), NetworkError> {
    let Some(networkd) = networkd() else { return Ok(()) };
    let events = Events::subscribe()?;
    kill(networkd, Signal::SIGHUP).map_err(io::Error::from)?;
    let end = Instant::now() + DEADLINE;
    while let Some(late) = expected.iter().find(|expected| !is_shown(expected)) {
        if let Some(address) = expected.iter().find_map(duplicate) {
            return Err(NetworkError::Duplicate(address));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NetworkError::NotTaken(late.letter));
        }
        // An interface that is gone or a lost event must not make this wait for the whole deadline.
        events.wait(left.min(Duration::from_millis(500)))?;
    }
    Ok(())
}

/// Has networkd look at the interfaces anew. It leaves one alone that it met before it had its name, and nothing short of
/// a new start makes it look again. Killed it releases no lease and takes no address away, so that the other interfaces
/// notice nothing; its unit starts it again.
pub fn look_anew() -> Result<(), NetworkError> {
    let Some(networkd) = networkd() else { return Ok(()) };
    Ok(kill(networkd, Signal::SIGKILL).map_err(io::Error::from)?)
}

/// Whether the kernel shows what is expected of an interface.
pub fn is_shown(expected: &Expected) -> bool {
    let letter = expected.letter;
    expected.ipv4.as_ref().is_none_or(|ipv4| shows_ipv4(letter, ipv4))
        && expected.ipv6.as_ref().is_none_or(|ipv6| shows_ipv6(letter, ipv6))
}

fn shows_ipv4(letter: Letter, expected: &Ipv4) -> bool {
    let shown = links::ipv4_addresses(letter);
    let routed = |wanted: &dyn Fn(Ipv4Addr) -> bool| {
        routes::ipv4(letter).iter().any(|route| route.prefixlen == 0 && wanted(route.gateway))
    };
    match expected {
        Ipv4::Nothing => shown.is_empty(),
        Ipv4::Leased { routed: needed } => !shown.is_empty() && (!needed || routed(&|_| true)),
        Ipv4::Fixed { address, gateway } => {
            shown == [address.to_string()] && gateway.is_none_or(|hop| routed(&|gateway| gateway == hop))
        }
    }
}

fn shows_ipv6(letter: Letter, expected: &Ipv6) -> bool {
    let shown = addresses6::of(letter);
    match expected {
        Ipv6::Nothing => shown.is_empty(),
        Ipv6::Advertised => {
            shown.iter().any(|one| !one.address.is_unicast_link_local() && one.standing == Standing::Usable)
        }
        Ipv6::Fixed { present, gone, router } => {
            // Without a cable nobody can say whether an address is unique: it is set, and that has to do.
            let enough = |standing| standing == Standing::Usable || !links::card(letter).carrier;
            let is_there = |own: &Ipv6Prefix| {
                let mut same = shown.iter().filter(|one| one.address == own.address() && one.length == own.length());
                same.any(|one| enough(one.standing))
            };
            let routed = |hop| routes::ipv6(letter).iter().any(|route| route.prefixlen == 0 && route.gateway == hop);
            present.iter().all(is_there)
                && shown.iter().all(|one| !gone.contains(&one.address))
                && router.is_none_or(routed)
        }
    }
}

/// An expected address that another host on the segment already has.
fn duplicate(expected: &Expected) -> Option<Ipv6Prefix> {
    let Some(Ipv6::Fixed { present, .. }) = &expected.ipv6 else { return None };
    let shown = addresses6::of(expected.letter);
    let failed =
        |own: &&Ipv6Prefix| shown.iter().any(|one| one.address == own.address() && one.standing == Standing::Duplicate);
    present.iter().find(failed).copied()
}

fn networkd() -> Option<Pid> {
    let listed = fs::read_to_string(Path::new(PROCESSES)).ok()?;
    listed.lines().next()?.parse().ok().map(Pid::from_raw)
}
