//! Daemons that run and do not serve: found by asking, and started anew.
//!
//! Duty: the resolver and the clock are asked what only a working one answers; sshd is not asked, since each question would
//! be a line of its log, but watched for callers whom it leaves waiting while it does nothing at all.
//!
//! Invariants: one that is slow is left alone: only the same process three times in a row is taken for hung; one that
//! does not run is its unit's to start; open SSH sessions are processes of their own and are not touched.

use std::{fs, thread, time::Duration};

use mmp_control::chain;

use crate::{
    apply::{health, process, unbound_control},
    journal,
    plan::Daemon,
};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// Looks in a row; with the longest answers that are waited for a daemon hangs for half a minute at most.
const ENOUGH: u32 = 3;
/// The clock's own tool answers within milliseconds.
const CLOCK_ANSWERS: Duration = Duration::from_secs(3);
/// To have systemd end a process.
const END: Duration = Duration::from_secs(6);
const SSHD: &str = "sshd.service";
const SSH_PORT: u16 = 22;

/// Looks at one daemon.
type Look = fn() -> Seen;

/// What a look at a daemon showed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// It serves, or there is nothing to see.
    Well,
    /// This process did not answer; the second number is what it has worked until now, where that counts.
    Silent(u32, u64),
}

/// How often in a row a daemon was silent.
#[derive(Debug, Default)]
struct Patience {
    last: Option<(u32, u64)>,
    times: u32,
}

impl Patience {
    /// Takes a look into account; whether the daemon hangs.
    fn is_over(&mut self, seen: &Seen) -> bool {
        let Seen::Silent(process, work) = *seen else {
            *self = Self::default();
            return false;
        };
        self.times = if self.last == Some((process, work)) { self.times + 1 } else { 1 };
        self.last = Some((process, work));
        let over = self.times >= ENOUGH;
        if over {
            *self = Self::default();
        }
        over
    }
}

/// Watches until the process ends.
pub fn watch() {
    let mut looks: [(&str, Look, Patience); 3] = [
        (Daemon::Unbound.unit(), || asked(Daemon::Unbound), Patience::default()),
        (Daemon::Chrony.unit(), || asked(Daemon::Chrony), Patience::default()),
        (SSHD, sshd, Patience::default()),
    ];
    loop {
        thread::sleep(EVERY);
        for (unit, look, patience) in &mut looks {
            if patience.is_over(&look()) {
                start_anew(unit);
            }
        }
    }
}

/// Its unit starts it again. Not asked to end first: it would not hear it.
fn start_anew(unit: &str) {
    journal::warning(&format!("{unit} runs and does not answer; it is ended, and starts anew"));
    let words = ["kill", "--kill-whom=main", "--signal=KILL", unit];
    if let Err(error) = process::run_within("/usr/bin/systemctl", &words, END) {
        journal::error(&format!("{unit} cannot be ended: {}", chain(&error)));
    }
}

fn asked(daemon: Daemon) -> Seen {
    let Some(process) = health::process_number(daemon) else { return Seen::Well };
    let answered = match daemon {
        Daemon::Unbound => unbound_control("status").is_ok(),
        Daemon::Chrony => process::run_within("/usr/bin/chronyc", &["-n", "tracking"], CLOCK_ANSWERS).is_ok(),
        Daemon::Syslog | Daemon::Webadmin => true,
    };
    if answered { Seen::Well } else { Seen::Silent(process, 0) }
}

fn sshd() -> Seen {
    let waiting = ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let table = fs::read_to_string(table).unwrap_or_default();
        table.lines().any(|line| waiting(line, SSH_PORT))
    });
    if !waiting {
        return Seen::Well;
    }
    let listed = fs::read_to_string(format!("/sys/fs/cgroup/system.slice/{SSHD}/cgroup.procs")).unwrap_or_default();
    let named = |id: &u32| fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|name| name.trim() == "sshd");
    let Some(listener) = listed.lines().filter_map(|line| line.parse().ok()).find(named) else { return Seen::Well };
    let stat = fs::read_to_string(format!("/proc/{listener}/stat")).unwrap_or_default();
    work(&stat).map_or(Seen::Well, |work| Seen::Silent(listener, work))
}

/// Whether a line of `/proc/net/tcp` is a listener on `port` with callers that it has not taken: state 0A, the local
/// port in hexadecimal, and their number as the receive queue (proc_pid_net(5)).
fn waiting(line: &str, port: u16) -> bool {
    let mut fields = line.split_whitespace().skip(1);
    let (Some(local), Some(state), Some(queues)) = (fields.next(), fields.nth(1), fields.next()) else { return false };
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    let here = local.rsplit_once(':').and_then(|(_, text)| hex(text)) == Some(port.into());
    let callers = queues.split_once(':').and_then(|(_, text)| hex(text)).unwrap_or(0);
    here && state == "0A" && callers > 0
}

/// Processor time of a process in ticks, its own and the kernel's for it: fields 14 and 15 of proc_pid_stat(5).
fn work(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(ticks()?.saturating_add(ticks()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_process_has_to_be_silent_three_times_in_a_row() {
        let over = |seen: &[Seen]| {
            let mut patience = Patience::default();
            seen.iter().map(|seen| patience.is_over(seen)).collect::<Vec<_>>()
        };
        let silent = Seen::Silent(7, 1);
        assert_eq!(over(&[silent.clone(), silent.clone(), silent.clone()]), [false, false, true]);
        assert_eq!(over(&[silent.clone(), silent.clone(), Seen::Well, silent.clone()]), [false; 4]);
        // A new process, and one that works.
        assert_eq!(over(&[silent.clone(), silent.clone(), Seen::Silent(8, 1)]), [false; 3]);
        assert_eq!(over(&[silent.clone(), silent, Seen::Silent(7, 2)]), [false; 3]);
    }

    #[test]
    fn a_listener_with_callers_is_told_from_everything_else() {
        let line = |local: &str, state: &str, queue: &str| {
            format!("   0: {local} 00000000:0000 {state} 00000000:{queue} 00:00000000 00000000     0        0 547 1")
        };
        assert!(waiting(&line("00000000:0016", "0A", "00000002"), 22));
        assert!(waiting(&line("00000000000000000000000000000000:0016", "0A", "00000001"), 22));
        assert!(!waiting(&line("00000000:0016", "0A", "00000000"), 22));
        assert!(!waiting(&line("00000000:0016", "01", "00000002"), 22));
        assert!(!waiting(&line("00000000:0035", "0A", "00000002"), 22));
        assert!(!waiting("  sl  local_address rem_address   st tx_queue rx_queue", 22));
        assert!(!waiting("", 22));
    }

    #[test]
    fn the_work_of_a_process_is_read_whatever_its_name() {
        let stat = "12 (a) b) S 1 12 12 0 -1 4194560 100 0 0 0 31 11 0 0 20 0 1 0 5 0 0";
        assert_eq!(work(stat), Some(42));
        assert_eq!(work("12 (a) S 1"), None);
        assert_eq!(work(""), None);
    }
}
