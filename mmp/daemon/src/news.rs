//! What administrators and the appliance itself changed, for those who are logged in.
//!
//! Invariants: a session that a person looks at is told of every change of another before its next prompt; a change of
//! what somebody else changed since that prompt is refused once, with the other's command, so that nobody overwrites
//! silently. A script, which never asks for news, is not held up.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use mmp_control::{Kind, Refusal};

/// Lines that are kept for sessions that have not asked yet.
const KEPT: usize = 256;

/// All news.
#[derive(Debug, Default)]
pub struct News(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    /// Number of the newest.
    newest: u64,
    items: VecDeque<Item>,
    /// By family: the newest change of it.
    latest: BTreeMap<String, Item>,
}

#[derive(Clone, Debug)]
struct Item {
    number: u64,
    /// The session that made it; none for the appliance itself.
    seat: Option<u64>,
    text: String,
}

/// What one session knows.
#[derive(Debug)]
pub struct Reader {
    seat: u64,
    seen: u64,
    /// A person looks at it.
    person: bool,
}

impl News {
    /// A session begins; its greeting has told what there was to know.
    pub fn reader(&self, seat: u64) -> Reader {
        Reader { seat, seen: self.lock().newest, person: false }
    }

    /// Adds a line about a change of these families; `seat` is the session that made it.
    pub fn add<'a>(&self, seat: Option<u64>, text: String, families: impl IntoIterator<Item = &'a String>) {
        let mut log = self.lock();
        log.newest += 1;
        let item = Item { number: log.newest, seat, text };
        for family in families {
            log.latest.insert(family.clone(), item.clone());
        }
        log.items.push_back(item);
        if log.items.len() > KEPT {
            log.items.pop_front();
        }
    }

    /// What the session has not been told yet.
    pub fn tell(&self, reader: &mut Reader) -> Vec<String> {
        let log = self.lock();
        let unseen = log.items.iter().filter(|item| item.number > reader.seen && item.seat != Some(reader.seat));
        let lines = unseen.map(|item| item.text.clone()).collect();
        reader.seen = log.newest;
        reader.person = true;
        lines
    }

    /// Refuses a change of these families if another has changed one of them behind the person's back.
    pub fn check<'a>(
        &self,
        reader: &mut Reader,
        families: impl IntoIterator<Item = &'a String>,
    ) -> Result<(), Refusal> {
        if !reader.person {
            return Ok(());
        }
        let log = self.lock();
        let behind = |item: &&Item| item.number > reader.seen && item.seat != Some(reader.seat);
        let Some(item) = families.into_iter().filter_map(|family| log.latest.get(family)).find(behind) else {
            return Ok(());
        };
        let refusal = Refusal::new(Kind::Conflict, format!("Somebody was quicker: {}", item.text))
            .state("Nothing was changed by your command")
            .hint("look at what is in force now, then type it again if it is still what you want");
        reader.seen = log.newest;
        Err(refusal)
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(name: &str) -> [String; 1] {
        [name.to_owned()]
    }

    #[test]
    fn each_is_told_what_the_others_did_once() {
        let news = News::default();
        let (mut one, mut two) = (news.reader(1), news.reader(2));
        news.add(Some(1), "a".into(), &family("dns"));
        news.add(None, "b".into(), &family("dns"));
        assert_eq!(news.tell(&mut two), ["a", "b"]);
        assert_eq!(news.tell(&mut one), ["b"]);
        assert!(news.tell(&mut one).is_empty());
        assert!(news.tell(&mut news.reader(3)).is_empty());
    }

    #[test]
    fn nobody_overwrites_what_he_has_not_seen_and_the_second_try_goes_through() {
        let news = News::default();
        let mut mine = news.reader(1);
        news.tell(&mut mine);
        news.add(Some(2), "root changed: dns flush".into(), &family("dns"));
        assert!(news.check(&mut mine, &family("ntp")).is_ok());
        let refusal = news.check(&mut mine, &family("dns")).unwrap_err();
        assert_eq!(refusal.message, "Somebody was quicker: root changed: dns flush");
        assert!(news.check(&mut mine, &family("dns")).is_ok());
    }

    #[test]
    fn a_script_is_not_held_up() {
        let news = News::default();
        let mut script = news.reader(1);
        news.add(Some(2), "x".into(), &family("dns"));
        assert!(news.check(&mut script, &family("dns")).is_ok());
    }

    #[test]
    fn old_lines_go() {
        let news = News::default();
        let mut slow = news.reader(1);
        (0..1000).for_each(|n| news.add(None, n.to_string(), &family("dns")));
        let told = news.tell(&mut slow);
        assert_eq!((told.len(), told.last().unwrap().as_str()), (KEPT, "999"));
    }
}
