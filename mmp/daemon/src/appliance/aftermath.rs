//! The seconds after a change: a daemon that dies of it takes the change with it.
//!
//! Invariants: a daemon that ends with the system did not die; only daemons that the change touched are watched, and not longer than [`WATCHED`]; what is put back are the
//! families of the change, and only while nobody has changed them since.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant, SystemTime},
};

use mmp_control::chain;
use mmp_model::{Settings, versions::Stored};

use super::{Appliance, Changing};
use crate::{
    apply::health,
    journal,
    observe::clock,
    plan::{Daemon, Step},
    store::Author,
    trial,
};

/// How long a daemon that has answered is watched after a change.
const WATCHED: Duration = Duration::from_secs(5);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// A change whose daemons are watched.
#[derive(Debug)]
pub struct Watched {
    /// The daemons, and their processes when they answered.
    daemons: Vec<(Daemon, Option<u32>)>,
    /// The touched families before.
    before: Stored,
    /// The touched families after.
    after: Stored,
    author: Author,
    /// Changes that had touched a daemon by then.
    touches: u64,
    since: SystemTime,
    until: Instant,
}

impl Watched {
    /// What is to be watched after these steps; `None` when they touch no daemon.
    pub fn after(steps: &[Step], (old, new): (&Settings, &Settings), author: &Author, touches: u64) -> Option<Self> {
        let touched = steps.iter().filter_map(touched);
        let daemons: Vec<_> = touched.map(|daemon| (daemon, health::process_number(daemon))).collect();
        (!daemons.is_empty()).then(|| Self {
            daemons,
            before: trial::differing(old, new),
            after: trial::differing(new, old),
            author: author.clone(),
            touches,
            since: SystemTime::now(),
            until: Instant::now() + WATCHED,
        })
    }

    /// The daemon that is not there any more.
    fn dead(&self) -> Option<Daemon> {
        let gone = |(daemon, process): &&(Daemon, Option<u32>)| {
            process.is_some() && health::process_number(*daemon) != *process
        };
        self.daemons.iter().find(gone).map(|(daemon, _)| *daemon)
    }
}

/// Whether the steps touch a daemon.
pub fn touches_daemon(steps: &[Step]) -> bool {
    steps.iter().any(|step| touched(step).is_some() || matches!(step, Step::Stop(_)))
}

/// The daemon that a step has start, or read its files.
fn touched(step: &Step) -> Option<Daemon> {
    match step {
        Step::Start(daemon) | Step::Restart(daemon) | Step::Reload(daemon) => Some(*daemon),
        _ => None,
    }
}

impl Appliance {
    /// Watches changes for ever.
    pub fn watch_aftermath(&self, changes: &Receiver<Watched>) {
        let mut watched: Vec<Watched> = Vec::new();
        loop {
            let next = if watched.is_empty() {
                changes.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                changes.recv_timeout(LOOK)
            };
            match next {
                Ok(change) => {
                    // A later change of the same daemons starts them anew: that is no death of the earlier one.
                    let same =
                        |one: &Watched| one.daemons.iter().any(|(d, _)| change.daemons.iter().any(|(e, _)| d == e));
                    watched.retain(|one| !same(one));
                    watched.push(change);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            watched.retain(|change| match change.dead() {
                Some(daemon) => {
                    self.undo_deadly(change, daemon);
                    false
                }
                None => Instant::now() < change.until,
            });
        }
    }

    fn undo_deadly(&self, change: &Watched, daemon: Daemon) {
        let mut changing = self.changing();
        // A change that was waited for may have started it anew, whether it went through or not.
        if changing.touches != change.touches || change.dead().is_none() {
            return;
        }
        // At the end of the system every daemon ends, and no change is to blame.
        if health::is_system_stopping() {
            return;
        }
        let said = health::last_words(daemon, change.since);
        let why = format!(
            "<{}> of {} is undone: {} died of it ({said})",
            change.author.line,
            change.author.user,
            daemon.unit()
        );
        self.put_families_back(&mut changing, change, &why);
    }

    fn put_families_back(&self, changing: &mut Changing, change: &Watched, why: &str) {
        let settings = self.settings();
        let stored = mmp_model::versions::store(&settings);
        if change.after.iter().any(|(family, value)| stored.get(family) != Some(value)) {
            journal::error(&format!("{why}; it is not put back, as it was changed again since"));
            return;
        }
        match trial::put_back(&settings, &change.before) {
            Ok(next) => {
                let author =
                    Author { user: "appliance".into(), origin: "here".into(), line: why.to_owned(), at: clock::now() };
                self.force(changing, &settings, next, author);
                self.tell(&change.author.user, why, change.before.keys());
            }
            Err(error) => journal::error(&format!("{why}; it cannot be put back: {}", chain(&error))),
        }
    }
}
