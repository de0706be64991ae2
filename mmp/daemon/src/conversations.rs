//! How many conversations go on, and whose.
//!
//! Invariants: no account can take the places of the others, and all accounts together cannot take those of root's own
//! programs, which let people in, or those of Web Admin; so memory and threads are bounded, and an administrator gets through.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Of all accounts together.
const MOST: usize = 64;
/// Of one account.
const MOST_OF_ONE: usize = 24;
/// Of root's own programs.
const MOST_OF_ROOT: usize = 64;

/// Of the `webadmin` service, which acts for many.
const MOST_OF_WEB: usize = 128;

/// Those that go on, by the kernel's number of their user.
#[derive(Debug)]
pub struct Conversations {
    root: u32,
    web: Option<u32>,
    open: Mutex<BTreeMap<u32, usize>>,
}

/// One of them, until it is dropped, also by a panic.
#[derive(Debug)]
pub struct Place {
    all: Arc<Conversations>,
    uid: u32,
}

impl Conversations {
    /// None yet; `root` is the number that mmpd itself runs as, `web` that of Web Admin.
    pub fn new(root: u32, web: Option<u32>) -> Arc<Self> {
        Arc::new(Self { root, web, open: Mutex::default() })
    }

    /// A place for one more, unless there is none.
    pub fn enter(self: &Arc<Self>, uid: u32) -> Option<Place> {
        let mut open = self.lock();
        let own = open.get(&uid).copied().unwrap_or(0);
        let is_account = |uid: u32| uid != self.root && Some(uid) != self.web;
        let accounts: usize = open.iter().filter(|(other, _)| is_account(**other)).map(|(_, count)| count).sum();
        let room = match uid {
            _ if uid == self.root => own < MOST_OF_ROOT,
            _ if Some(uid) == self.web => own < MOST_OF_WEB,
            _ => own < MOST_OF_ONE && accounts < MOST,
        };
        room.then(|| {
            open.insert(uid, own + 1);
            Place { all: Arc::clone(self), uid }
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.all.lock();
        match open.get_mut(&self.uid) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.uid)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_takes_all_it_can_keeps_nobody_out() {
        let conversations = Conversations::new(0, Some(104));
        let enter = |uid| std::iter::from_fn(|| conversations.enter(uid)).take(1000).collect::<Vec<_>>();
        let greedy = enter(10_001);
        assert_eq!(greedy.len(), MOST_OF_ONE);
        assert!(conversations.enter(10_000).is_some());
        let (second, third, fourth) = (enter(10_002), enter(10_003), enter(10_004));
        assert_eq!(greedy.len() + second.len() + third.len() + fourth.len(), MOST);
        assert!(conversations.enter(10_000).is_none() && conversations.enter(0).is_some());
        assert_eq!(enter(104).len(), MOST_OF_WEB);
        drop(second);
        assert!(conversations.enter(10_000).is_some());
        drop((greedy, third, fourth));
        assert!(conversations.lock().is_empty());
    }
}
