//! Figures of the booted appliance in the emulated machine: what runs, what it needs, how soon it answers.

use std::{thread, time::Duration};

use anyhow::{Context as _, Result};
use harness::{
    Builder,
    appliance::{ANSWER, FACTORY, PASSWORD},
    inside::{self, Entrance, Probe},
    tools,
};

use crate::{
    baseline::Debian,
    boot,
    table::Table,
    times::{Times, milliseconds, ratio},
};

const SHELL_STARTS: usize = 20;
const SHOW_COMMANDS: usize = 200;
const SSH_COMMANDS: usize = 20;
const CHANGES: usize = 100;
/// What a show command may take.
pub const SHOW_AIM: &str = "3 ms median, 10 ms p99";
/// What a change may take.
pub const CHANGE_AIM: &str = "60 ms p99";
/// What an `ipv4` change alternates between; the last one is where SSH finds the appliance.
const ADDRESSES: &str = "10.0.2.16/24 10.0.2.2|10.0.2.15/24 10.0.2.2";
/// How long the machine is left alone before what runs at rest is counted.
const REST: Duration = Duration::from_secs(5);

/// Times of the shell.
#[derive(Debug)]
pub struct Answers {
    shell: Times,
    show: Times,
    change: Times,
}

impl Answers {
    /// Adds them; `clock` says what the times were measured with.
    pub fn add(&self, table: &mut Table, clock: &str, aims: [&str; 2]) {
        let inside = "inside the machine, Return to prompt";
        table.add(&format!("shell start to prompt, {clock}"), self.shell.text(), "", "inside the machine");
        table.add(&format!("show command (dns) in an open shell, {clock}"), self.show.text(), aims[0], inside);
        table.add(
            &format!("ipv4 change, durable and in the kernel, {clock}"),
            self.change.text(),
            aims[1],
            format!("{inside}; kernel and disk looked at after each"),
        );
    }
}

/// Asks the probe for all that the shell does; the first login has been.
pub fn answers(probe: &mut Probe) -> Result<Answers> {
    Ok(Answers {
        shell: Times::microseconds(&probe.ask(&format!("shell {SHELL_STARTS}"))?)?,
        show: Times::microseconds(&probe.ask(&format!("command {SHOW_COMMANDS} dns"))?)?,
        change: Times::microseconds(&probe.ask(&format!("address {CHANGES} {ADDRESSES}"))?)?,
    })
}

/// Adds the figures of one direct boot.
pub fn measure(table: &mut Table, debian: Option<Debian>) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let entrance = Entrance::new(folder.path(), &tools::image().join("initramfs.cpio"))?;
    let (mut appliance, mut probe) = inside::boot(&entrance, Builder::default())?;
    let mut beside = format!("{:.1} s of processor time", appliance.machine.processor_seconds()?);
    if let Some(debian) = debian {
        beside.push_str(&format!("; plain Debian 13: {:.1} s", debian.wall));
    }
    table.add("login prompt, wall, direct", boot::wall_text(&appliance)?, "", beside);

    let at_prompt = Memory::read(&probe.ask("memory")?)?;
    appliance.wait_for_ssh()?;
    // Not for an event but for the absence of any: what starts in the background is to have ended.
    thread::sleep(REST);
    let at_rest = Memory::read(&probe.ask("memory")?)?;
    table.add(
        "memory in use at the prompt",
        format!("{} MiB", at_prompt.in_use >> 10),
        "64 MiB",
        format!(
            "total - available; {} MiB with everything started; total - free - buffers - cache: {} MiB; of {} MiB",
            at_rest.in_use >> 10,
            at_prompt.without_cache >> 10,
            at_prompt.total >> 10
        ),
    );
    let processes = probe.ask("processes")?;
    let names: Vec<String> = processes
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (name, resident) = (words.next()?, words.next()?.parse::<u64>().ok()?);
            Some(format!("{name} {}", resident >> 10))
        })
        .collect();
    table.add("processes", names.len().to_string(), "", format!("with resident MiB: {}", names.join(", ")));
    let with_dhcp = Ports::read(&probe.ask("ports")?);

    appliance.first_login().context("first login")?;
    appliance.log_out()?;
    let answers = answers(&mut probe)?;
    // The changes have left it with a fixed address.
    let fixed = Ports::read(&probe.ask("ports")?);
    table.add(
        "listening ports",
        format!("{}, with DHCP {}", fixed.open.len(), with_dhcp.open.len()),
        "1",
        format!(
            "{}; only for itself: {}",
            with_dhcp.open.join(", "),
            if with_dhcp.local.is_empty() { "none".into() } else { with_dhcp.local.join(", ") }
        ),
    );
    let client = appliance.ssh(FACTORY, PASSWORD)?;
    let ssh = Times::of(SSH_COMMANDS, |_| client.run("dns", ANSWER)?.success("ssh dns").map(drop))?;
    answers.add(table, "device", [SHOW_AIM, CHANGE_AIM]);
    table.add(
        "ssh host \"dns\", device",
        ssh.text(),
        "",
        debian.map_or_else(String::new, |Debian { ssh: plain, .. }| {
            format!("ssh host true on plain Debian 13: {} median, {}", milliseconds(plain), ratio(ssh.median(), plain))
        }),
    );
    Ok(())
}

/// Where something waits for others; a port of both protocol families is one port.
#[derive(Debug, Default)]
struct Ports {
    open: Vec<String>,
    local: Vec<String>,
}

impl Ports {
    fn read(text: &str) -> Self {
        let mut ports = Self::default();
        for line in text.lines() {
            let port = line.replace("p6 ", "p ");
            match port.strip_suffix(" local") {
                Some(port) => ports.local.push(port.to_owned()),
                None => ports.open.push(port),
            }
        }
        for list in [&mut ports.open, &mut ports.local] {
            list.sort();
            list.dedup();
        }
        ports
    }
}

/// Fields of `/proc/meminfo`, KiB.
#[derive(Clone, Copy, Debug)]
struct Memory {
    total: u64,
    in_use: u64,
    without_cache: u64,
}

impl Memory {
    fn read(text: &str) -> Result<Self> {
        let field = |name: &str| -> Result<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let number = line.and_then(|rest| rest.split_whitespace().next()).context("a field of /proc/meminfo")?;
            Ok(number.parse()?)
        };
        let total = field("MemTotal")?;
        let cache = field("Buffers")? + field("Cached")? + field("SReclaimable")?;
        Ok(Self {
            total,
            in_use: total.saturating_sub(field("MemAvailable")?),
            without_cache: total.saturating_sub(field("MemFree")? + cache),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_both_families_is_one_and_a_local_one_is_told_apart() {
        let ports = Ports::read("tcp 22\ntcp6 22\nudp 68\nudp 53 local\n");
        assert_eq!((ports.open, ports.local), (vec!["tcp 22".into(), "udp 68".into()], vec!["udp 53".into()]));
    }

    #[test]
    fn memory_in_use_is_what_no_program_can_have() {
        let text = "MemTotal: 1000 kB\nMemFree: 500 kB\nMemAvailable: 900 kB\nBuffers: 10 kB\nCached: 300 kB\n\
                    SwapCached: 0 kB\nSReclaimable: 40 kB\n";
        let memory = Memory::read(text).unwrap();
        assert_eq!((memory.in_use, memory.without_cache), (100, 150));
    }
}
