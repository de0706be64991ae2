//! How it goes with each server, for mmpd to show.
//!
//! Invariant: the file is replaced whole; what changes often is written a few times a second at most.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mmp_log::forward::{Status, Target};

/// Shortest time between two writes.
const PAUSE: Duration = Duration::from_millis(250);

/// The state of all servers.
#[derive(Debug)]
pub struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    all: Vec<Status>,
    dirty: bool,
    over: bool,
}

impl Board {
    /// Nothing is known yet.
    pub fn new(targets: &[Target]) -> Self {
        let unknown = |target: &Target| Status {
            target: target.clone(),
            connected: false,
            position: None,
            missing: 0,
            error: None,
        };
        let all = targets.iter().map(unknown).collect();
        Self { state: Mutex::new(State { all, dirty: true, over: false }), changed: Condvar::new() }
    }

    /// Changes what is known of one server, by its index.
    pub fn update(&self, index: usize, change: impl FnOnce(&mut Status)) {
        let mut state = self.lock();
        let Some(status) = state.all.get_mut(index) else { return };
        let before = status.clone();
        change(status);
        if *status != before {
            state.dirty = true;
            self.changed.notify_one();
        }
    }

    /// What is known of one server.
    pub fn of(&self, index: usize) -> Option<Status> {
        self.lock().all.get(index).cloned()
    }

    /// Writes the file at every change until [`Self::end`].
    pub fn keep(&self, file: &Path) -> io::Result<()> {
        loop {
            let mut state = self.lock();
            while !state.dirty && !state.over {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if !state.dirty {
                return Ok(());
            }
            state.dirty = false;
            let text = serde_json::to_vec(&state.all).expect("a status has text keys only");
            let over = state.over;
            drop(state);
            replace(file, &text)?;
            if over {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// No more changes.
    pub fn end(&self) {
        self.lock().over = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut new = PathBuf::from(file).into_os_string();
    new.push(".new");
    fs::write(&new, text)?;
    fs::rename(new, file)
}

/// Seconds since 1970 UTC.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use mmp_log::forward::Log;
    use mmp_model::syslog::{Server, Transport};

    use super::*;

    #[test]
    fn the_last_change_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("status.json");
        let server =
            Server { host: "192.0.2.1".parse().unwrap(), port: Transport::Tcp.usual_port(), transport: Transport::Tcp };
        let board = Board::new(&[Target { log: Log::System, server }]);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| board.keep(&file));
            for missing in 1..=100 {
                board.update(0, |status| status.missing = missing);
            }
            board.end();
            writer.join().unwrap().unwrap();
        });
        let read: Vec<Status> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(read[0].missing, 100);
    }
}
