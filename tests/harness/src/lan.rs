//! The network round an appliance: segments (bridges) in a network namespace of this process, with the host on each.
//!
//! Invariants: nothing of it is visible outside this process and its children, and it goes with them; addresses are those
//! of QEMU's user network on the first segment, so that the documented examples fit. Works as root and as any user who may
//! make user namespaces.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr},
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result};
use nix::{
    sched::{CloneFlags, unshare},
    unistd::{getegid, geteuid},
};

use crate::process::host;

/// Where the appliance's gateway (and its NTP and DHCP server) is on segment a.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
/// Where the name server is.
pub const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);
/// The address that DHCP gives to the appliance's interface a.
pub const APPLIANCE: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 15);

/// Where the router is on segment a; on the next ones the third group counts up.
pub const ROUTER6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2);
/// Reached through any router only.
pub const FAR6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 1);

/// Letters of the segments; NIC `a` is on segment `a`.
pub const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

static TAPS: AtomicUsize = AtomicUsize::new(0);

/// Moves this process into a network namespace of its own and makes the segments. Call it first in `main`: only threads
/// that start later are in the namespace.
pub fn enter() -> Result<()> {
    if geteuid().is_root() {
        unshare(CloneFlags::CLONE_NEWNET).context("cannot make a network namespace")?;
    } else {
        let (uid, gid) = (geteuid(), getegid());
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
            .context("cannot make a network namespace without being root; run as root or allow user namespaces")?;
        fs::write("/proc/self/setgroups", "deny").context("cannot set up the user namespace")?;
        fs::write("/proc/self/uid_map", format!("0 {uid} 1")).context("cannot set up the user namespace")?;
        fs::write("/proc/self/gid_map", format!("0 {gid} 1")).context("cannot set up the user namespace")?;
    }
    ip("link set dev lo up")?;
    // Who says that it is no router is taken off the list of routers (RFC 4861 section 7.2.5).
    fs::write("/proc/sys/net/ipv6/conf/all/forwarding", "1").context("cannot be an IPv6 router")?;
    for (letter, third) in LETTERS.into_iter().zip(2..) {
        let bridge = bridge(letter);
        // Of its own: otherwise it takes that of a NIC that comes, and its link-local address changes with it.
        ip(&format!(
            "link add {bridge} address 02:00:00:00:02:{third:02x} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
        ))?;
        ip(&format!("address add 10.0.{third}.2/24 dev {bridge}"))?;
        ip(&format!("address add 2001:db8:{third}::2/64 dev {bridge} nodad"))?;
        ip(&format!("link set dev {bridge} up"))?;
    }
    ip(&format!("address add {FAR6}/128 dev lo nodad"))?;
    ip(&format!("address add {NAME_SERVER}/24 dev {}", bridge('a')))
}

/// A new tap interface on a segment, for one NIC of one machine; its name.
pub fn tap(letter: char) -> Result<String> {
    let name = format!("tap{}-{letter}", TAPS.fetch_add(1, Ordering::Relaxed));
    ip(&format!("tuntap add dev {name} mode tap"))?;
    ip(&format!("link set dev {name} master {} up", bridge(letter)))?;
    Ok(name)
}

/// Takes a tap interface away.
pub fn remove_tap(name: &str) -> Result<()> {
    ip(&format!("link delete dev {name}"))
}

/// The host's interface on a segment.
pub fn bridge(letter: char) -> String {
    format!("lan-{letter}")
}

fn ip(words: &str) -> Result<()> {
    host("ip", words.split(' ')).map(drop)
}
