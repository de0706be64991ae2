//! Network cards that come and go while mmpd runs.
//!
//! Invariants: which cards there are is what `nics.service` wrote last; a card that comes back gets the settings of its
//! letter, and the others are not touched; nobody waits for this thread.

use std::{io, path::Path, sync::PoisonError};

use mmp_control::chain;
use mmp_model::{Letter, interface::LinkMode};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::Appliance;
use crate::{
    apply::Moment,
    journal,
    observe::board::{self, Board, Nic},
    plan::{Step, plan},
    render::render,
};

impl Appliance {
    /// Watches until the process ends.
    pub fn watch_cards(&self) {
        if let Err(error) = self.follow_cards() {
            journal::error(&format!("a network card that comes waits for the next boot: {error}"));
        }
    }

    fn follow_cards(&self) -> io::Result<()> {
        let file = self.system.paths.system(board::FILE);
        let (folder, name) = (file.parent().unwrap_or(Path::new("/")), file.file_name());
        let events = Inotify::init(InitFlags::IN_CLOEXEC)?;
        // It is replaced whole.
        events.add_watch(folder, AddWatchFlags::IN_MOVED_TO)?;
        // Between the start and the watch something may have come.
        self.cards_changed();
        loop {
            let read = events.read_events()?;
            if read.iter().any(|event| event.name.as_deref() == name) {
                self.cards_changed();
            }
        }
    }

    fn cards_changed(&self) {
        let mut changing = self.changing();
        let (before, now) = (self.nics(), Board::read(&self.system.paths.system(board::FILE)).nics);
        if before == now {
            return;
        }
        let came = newly_there(&before, &now);
        for letter in &came {
            journal::warning(&format!("the card of interface {letter} is there"));
        }
        for letter in newly_there(&now, &before) {
            journal::warning(&format!("the card of interface {letter} has gone; its letter and settings are kept"));
        }
        *self.nics.write().unwrap_or_else(PoisonError::into_inner) = now;
        if came.is_empty() {
            return;
        }
        let settings = self.settings();
        let rendered = render(&settings, &self.surroundings(&settings));
        let mut steps = plan(Some((&settings, &changing.rendered)), (&settings, &rendered));
        steps.retain(|step| !matches!(step, Step::ReloadNetwork(_)));
        steps.push(Step::LookAtInterfaces);
        let mode = |letter: &Letter| settings.interfaces.link.get(letter).map_or(LinkMode::Default, |link| link.mode);
        let modes = came.iter().map(|letter| (*letter, mode(letter)));
        steps.extend(modes.filter(|(_, mode)| *mode != LinkMode::Default).map(|(l, mode)| Step::LinkMode(l, mode)));
        for step in &steps {
            if let Err(error) = self.system.apply(step, Moment::Change) {
                journal::error(&format!("a network card that came does not follow its settings: {}", chain(&error)));
            }
        }
        changing.rendered = rendered;
    }
}

/// Letters with a card in `now` and none in `before`.
fn newly_there(before: &[Nic], now: &[Nic]) -> Vec<Letter> {
    let had = |letter| before.iter().any(|nic| nic.letter == letter && nic.present);
    now.iter().filter(|nic| nic.present && !had(nic.letter)).map(|nic| nic.letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_comes_when_it_is_new_or_was_missing() {
        let nic = |letter: &str, present| Nic { letter: letter.parse().unwrap(), present };
        let (a, b): (Letter, Letter) = (Letter::A, "b".parse().unwrap());
        assert_eq!(newly_there(&[nic("a", true)], &[nic("a", true), nic("b", true)]), [b]);
        assert_eq!(newly_there(&[nic("a", false)], &[nic("a", true)]), [a]);
        assert_eq!(newly_there(&[nic("a", true)], &[nic("a", false)]), []);
    }
}
