//! Looking for words in what every process shows of itself to others: its arguments and its environment.
//!
//! Invariant: the looking goes on without a pause from `watch` to `watched`; this program itself is not looked at.

use std::{
    collections::BTreeSet,
    fs, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// What one looking found.
#[derive(Debug, Default)]
struct Found {
    rounds: u32,
    programs: BTreeSet<String>,
    words: BTreeSet<String>,
    cores: BTreeSet<String>,
}

struct Watch {
    over: Arc<AtomicBool>,
    found: Arc<Mutex<Found>>,
    thread: JoinHandle<()>,
}

static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

/// Answers `watch WORD WORD...`.
pub fn watch(words: &str) -> io::Result<String> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let (over, found) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Found>>::default());
    let (end, list) = (Arc::clone(&over), Arc::clone(&found));
    let thread = thread::Builder::new().spawn(move || {
        while !end.load(Ordering::Relaxed) {
            let mut found = list.lock().unwrap_or_else(PoisonError::into_inner);
            found.rounds += 1;
            round(&words, &mut found);
        }
    })?;
    *WATCH.lock().unwrap_or_else(PoisonError::into_inner) = Some(Watch { over, found, thread });
    Ok(String::new())
}

/// Answers `watched`: rounds, the programs that were seen, words that were found, programs that may leave a core file.
pub fn watched() -> io::Result<String> {
    let watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner).take();
    let watch = watch.ok_or_else(|| io::Error::other("nothing is watched"))?;
    watch.over.store(true, Ordering::Relaxed);
    watch.thread.join().map_err(|_| io::Error::other("the watch failed"))?;
    let found = watch.found.lock().unwrap_or_else(PoisonError::into_inner);
    let mut text = format!("rounds {}\n", found.rounds);
    for (kind, names) in [("program", &found.programs), ("found", &found.words), ("core", &found.cores)] {
        names.iter().for_each(|name| text.push_str(&format!("{kind} {name}\n")));
    }
    Ok(text)
}

fn round(words: &[String], found: &mut Found) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // Whatever ends meanwhile has been looked at or not; a kernel thread has neither arguments nor environment.
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if pid == std::process::id() || arguments.is_empty() {
            continue;
        }
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default().trim().to_owned();
        for (place, bytes) in [("arguments", &arguments), ("environment", &environment)] {
            let text = String::from_utf8_lossy(bytes);
            let hit = words.iter().zip(1..).filter(|(word, _)| text.contains(word.as_str()));
            found.words.extend(hit.map(|(_, number)| format!("{number} {place} {name}")));
        }
        let limits = fs::read_to_string(entry.path().join("limits")).unwrap_or_default();
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size"));
        if core.is_some_and(|line| line.split_whitespace().next() != Some("0")) && name != "systemd" {
            found.cores.insert(name.clone());
        }
        found.programs.insert(name);
    }
}
