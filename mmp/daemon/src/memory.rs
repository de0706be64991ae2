//! Times at which memory was too short and the kernel ended programs, told to administrators.
//!
//! Duty: the kernel counts the programs that it ends for want of memory (`oom_kill` in `/proc/vmstat`) and names them in
//! its log. What was ended starts again by its unit; what is left to do is to say so.
//!
//! Invariants: each of them is told once, also when mmpd was among them; a shortage that goes on is one note that grows,
//! and not many that push the others out.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use mmp_control::chain;
use systemd::journal::{JournalSeek, OpenOptions};

use crate::{appliance::Appliance, durable, journal};

/// Between two looks at the counter.
const EVERY: Duration = Duration::from_secs(2);
/// Between two notes about a shortage that goes on.
const QUIET: Duration = Duration::from_secs(20);
/// What the counter said last. It begins anew with each boot, and so does this folder.
const TOLD: &str = "/run/mmpd/ended-for-memory";
const COUNTER: &str = "/proc/vmstat";
/// How long the kernel's words may take to the journal, in looks of [`AGAIN`].
const LOOKS: u32 = 20;
const AGAIN: Duration = Duration::from_millis(100);
/// Kernel lines that are looked through.
const LOOKED_AT: usize = 4000;
/// Names that a note lists.
const LISTED: usize = 5;
/// What every note about it begins with.
pub const BEGIN: &str = "Memory ran short";

/// Watches until the process ends.
pub fn watch(appliance: &Appliance) {
    let file = appliance.system.paths.system(TOLD);
    let mut said: Option<Instant> = None;
    loop {
        let is_quiet = said.is_some_and(|last| last.elapsed() < QUIET);
        if let Some(ended) = untold(&file).filter(|_| !is_quiet) {
            appliance.memory_ran_short(&note(ended, &names(LISTED + 1)));
            said = Some(Instant::now());
            // Afterwards: killed in between it tells again, which is better than never.
            keep(&file, ended);
        }
        thread::sleep(EVERY);
    }
}

/// The counter, if it has grown since it was told.
fn untold(file: &Path) -> Option<u64> {
    let ended = fs::read_to_string(COUNTER).ok().and_then(|text| counted(&text))?;
    let told = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    (ended > told).then_some(ended)
}

fn keep(file: &Path, ended: u64) {
    if let Err(error) = durable::replace_volatile(file, format!("{ended}\n").as_bytes(), 0o600) {
        journal::warning(&format!("a shortage of memory may be told twice: {}", chain(&error)));
    }
}

/// `oom_kill` of `/proc/vmstat`.
fn counted(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// What happened, what is now true, what to type.
fn note(ended: u64, names: &[String]) -> String {
    let mut listed: Vec<String> = Vec::new();
    for name in names {
        if !listed.contains(name) {
            listed.push(name.clone());
        }
    }
    let more = if listed.len() > LISTED { " and others" } else { "" };
    listed.truncate(LISTED);
    let programs = if ended == 1 { "program" } else { "programs" };
    let last = if listed.is_empty() { String::new() } else { format!(", last {}{more}", listed.join(", ")) };
    format!(
        "{BEGIN}: the kernel has ended {ended} {programs} since the start{last}. What serves was started again, and the \
         settings are as they were; 'syslog search \"Out of memory\"' shows each. If it comes again, give the machine more \
         memory, or send what 'generate_logbundle' makes"
    )
}

/// The newest `count` names, as the kernel's log has them. It may be a moment behind the counter.
fn names(count: usize) -> Vec<String> {
    for _ in 0..LOOKS {
        match in_log(count) {
            Ok(names) if names.is_empty() => thread::sleep(AGAIN),
            Ok(names) => return names,
            Err(error) => {
                journal::info(&format!("the journal cannot be read: {error}"));
                break;
            }
        }
    }
    Vec::new()
}

fn in_log(count: usize) -> systemd::Result<Vec<String>> {
    let mut journal = OpenOptions::default().system(true).local_only(true).open()?;
    journal.match_add("_TRANSPORT", "kernel")?;
    journal.seek(JournalSeek::Tail)?;
    let mut names = Vec::new();
    for _ in 0..LOOKED_AT {
        if names.len() >= count || journal.previous()? == 0 {
            break;
        }
        let data = journal.get_data("MESSAGE")?;
        let text = data.and_then(|data| Some(String::from_utf8_lossy(data.value()?).into_owned())).unwrap_or_default();
        names.extend(ended(&text));
    }
    Ok(names)
}

/// The name in a line of the kernel's: `Out of memory: Killed process 812 (unbound) total-vm:...`.
fn ended(line: &str) -> Option<String> {
    let lower = line.to_ascii_lowercase();
    if !lower.contains("out of memory: killed process ") {
        return None;
    }
    let name = line.split_once('(')?.1.split_once(')')?.0;
    Some(journal::one_line(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_counter_and_words_are_read() {
        assert_eq!(counted("nr_free_pages 1\noom_kill 3\noom_kill_x 4\n"), Some(3));
        assert_eq!(counted("nr_free_pages 1\n"), None);
        let line = "Out of memory: Killed process 812 (unbound) total-vm:1kB, anon-rss:2kB, UID:101 oom_score_adj:0";
        assert_eq!(ended(line).as_deref(), Some("unbound"));
        assert_eq!(ended("Memory cgroup out of memory: Killed process 9 (mmp)").as_deref(), Some("mmp"));
        assert_eq!(ended("mmpd invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE)"), None);
        assert_eq!(ended("out of memory: killed process 1 no name"), None);
    }

    #[test]
    fn a_note_says_how_many_which_and_what_to_type() {
        let one = note(1, &["unbound".into()]);
        assert!(one.starts_with("Memory ran short: the kernel has ended 1 program since the start, last unbound. "));
        assert!(one.contains("'syslog search \"Out of memory\"' shows each"));
        let names: Vec<String> = ["a", "b", "a", "c", "d", "e", "f"].map(String::from).into();
        assert!(note(7, &names).contains("7 programs since the start, last a, b, c, d, e and others."));
        assert!(note(2, &[]).contains("2 programs since the start. "));
    }
}
