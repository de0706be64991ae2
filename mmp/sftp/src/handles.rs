//! The files and listings that a client has open.
//!
//! Invariants: at most [`MOST`] at a time; a number is never given out twice in a session, so that a late request
//! cannot reach another file.

use std::{collections::BTreeMap, fs::File};

use mmp_control::reply::FileInfo;
use mmp_model::{FileName, account::UnixTime};

use crate::wire::Entry;

/// Most handles that a session may have open.
pub const MOST: usize = 64;

/// What is open.
#[derive(Debug)]
pub enum Open {
    /// A listing, and what of it has not been sent yet.
    Listing(Vec<Entry>),
    /// A download.
    Download(FileInfo, File),
    /// An upload.
    Upload(Upload),
}

/// A file that has no name yet.
#[derive(Debug)]
pub struct Upload {
    /// The name to be.
    pub name: FileName,
    /// Names it within the session.
    pub ticket: u64,
    /// What is written to.
    pub file: File,
    /// Every write goes to the end.
    pub append: bool,
    /// The time of last change to be, when the client has set one.
    pub time: Option<UnixTime>,
    /// A write has failed: the file must not get its name.
    pub broken: bool,
}

/// The table.
#[derive(Debug, Default)]
pub struct Handles {
    open: BTreeMap<u32, Open>,
    next: u32,
}

impl Handles {
    /// Whether one more may be opened.
    pub fn has_room(&self) -> bool {
        self.open.len() < MOST && self.next < u32::MAX
    }

    /// Takes something in; the caller has asked [`Self::has_room`].
    pub fn insert(&mut self, open: Open) -> [u8; 4] {
        let handle = self.next;
        self.next += 1;
        self.open.insert(handle, open);
        handle.to_be_bytes()
    }

    /// What a handle stands for.
    pub fn get(&mut self, handle: &[u8]) -> Option<&mut Open> {
        self.open.get_mut(&number(handle)?)
    }

    /// Takes it out.
    pub fn remove(&mut self, handle: &[u8]) -> Option<Open> {
        self.open.remove(&number(handle)?)
    }
}

fn number(handle: &[u8]) -> Option<u32> {
    handle.try_into().map(u32::from_be_bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_given_out_twice() {
        let mut handles = Handles::default();
        let first = handles.insert(Open::Listing(Vec::new()));
        assert!(handles.remove(&first).is_some());
        let second = handles.insert(Open::Listing(Vec::new()));
        assert_ne!(first, second);
        assert!(handles.get(&first).is_none() && handles.get(&second).is_some());
        assert!(handles.get(b"").is_none() && handles.get(b"12345").is_none());
    }

    #[test]
    fn the_table_is_bounded() {
        let mut handles = Handles::default();
        while handles.has_room() {
            handles.insert(Open::Listing(Vec::new()));
        }
        assert_eq!(handles.open.len(), MOST);
    }
}
