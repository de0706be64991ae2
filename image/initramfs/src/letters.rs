//! Letters for NICs: a pure function of the board's slots, what was given before, and what is there.
//!
//! Invariants: a letter is given once; a slot of the board keeps its letter; a letter once given to a card is not given to
//! another while that card is missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::board::Slot;

/// The letters the product has.
const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

/// A letter and the card it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The letter.
    pub letter: char,
    /// PCI address, with `/N` for further ports at the same address.
    pub path: String,
    /// Whether the card is there now.
    pub present: bool,
}

/// Gives each present card its letter; `present` is in PCI order.
pub fn assign(slots: &[Slot], remembered: &BTreeMap<String, char>, present: &[String]) -> Vec<Named> {
    let mut given: BTreeMap<char, Named> = BTreeMap::new();
    let give = |given: &mut BTreeMap<char, Named>, letter: char, path: &str| {
        let present = present.iter().any(|there| there == path);
        given.entry(letter).or_insert_with(|| Named { letter, path: path.to_owned(), present });
    };
    let has = |given: &BTreeMap<char, Named>, path: &str| given.values().any(|named| named.path == path);

    for slot in slots.iter().filter(|slot| present.contains(&slot.path)) {
        give(&mut given, slot.letter, &slot.path);
    }
    for (path, letter) in remembered {
        if !has(&given, path) && LETTERS.contains(letter) {
            give(&mut given, *letter, path);
        }
    }
    for path in present {
        if !has(&given, path)
            && let Some(letter) = LETTERS.into_iter().find(|letter| !given.contains_key(letter))
        {
            give(&mut given, letter, path);
        }
    }
    given.into_values().collect()
}

/// The same while the appliance runs: whoever has a letter keeps it, and a card that came gets its slot's letter if that is
/// free, else the next free one.
pub fn follow(slots: &[Slot], named: &[Named], present: &[String]) -> Vec<Named> {
    let now = |one: &Named| Named { present: present.contains(&one.path), ..one.clone() };
    let mut given: BTreeMap<char, Named> = named.iter().map(|one| (one.letter, now(one))).collect();
    for path in present {
        if given.values().any(|one| one.path == *path) {
            continue;
        }
        let own = slots.iter().find(|slot| slot.path == *path).map(|slot| slot.letter);
        if let Some(letter) = own.into_iter().chain(LETTERS).find(|letter| !given.contains_key(letter)) {
            given.insert(letter, Named { letter, path: path.clone(), present: true });
        }
    }
    given.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots() -> Vec<Slot> {
        let slot = |letter, path: &str| Slot { letter, path: path.into() };
        vec![slot('a', "0000:00:10.0"), slot('b', "0000:00:11.0")]
    }

    fn paths(list: &[&str]) -> Vec<String> {
        list.iter().map(|&path| path.to_owned()).collect()
    }

    fn shown(named: &[Named]) -> Vec<String> {
        let mark = |named: &Named| if named.present { "" } else { " missing" };
        named.iter().map(|one| format!("{} {}{}", one.letter, one.path, mark(one))).collect()
    }

    #[test]
    fn slots_decide_whatever_order_the_kernel_found_them_in() {
        let named = assign(&slots(), &BTreeMap::new(), &paths(&["0000:00:11.0", "0000:00:10.0"]));
        assert_eq!(shown(&named), ["a 0000:00:10.0", "b 0000:00:11.0"]);
    }

    #[test]
    fn cards_outside_the_table_take_the_remaining_letters_in_pci_order() {
        let named = assign(&slots(), &BTreeMap::new(), &paths(&["0000:00:03.0", "0000:00:10.0", "0000:01:00.0"]));
        assert_eq!(shown(&named), ["a 0000:00:10.0", "b 0000:00:03.0", "c 0000:01:00.0"]);
    }

    #[test]
    fn a_missing_card_keeps_its_letter() {
        let remembered = BTreeMap::from([("0000:02:00.0".to_owned(), 'a'), ("0000:02:00.1".to_owned(), 'b')]);
        let named = assign(&[], &remembered, &paths(&["0000:02:00.1", "0000:03:00.0"]));
        assert_eq!(shown(&named), ["a 0000:02:00.0 missing", "b 0000:02:00.1", "c 0000:03:00.0"]);
    }

    #[test]
    fn a_card_put_into_a_listed_slot_displaces_a_remembered_one() {
        let remembered = BTreeMap::from([("0000:00:03.0".to_owned(), 'a')]);
        let named = assign(&slots(), &remembered, &paths(&["0000:00:03.0", "0000:00:10.0"]));
        assert_eq!(shown(&named), ["a 0000:00:10.0", "b 0000:00:03.0"]);
    }

    #[test]
    fn a_fifth_card_gets_no_letter() {
        let five = paths(&["0000:00:01.0", "0000:00:02.0", "0000:00:03.0", "0000:00:04.0", "0000:00:05.0"]);
        assert_eq!(assign(&[], &BTreeMap::new(), &five).len(), 4);
    }

    #[test]
    fn while_it_runs_nobody_loses_a_letter_and_a_card_that_returns_has_its_own() {
        let named = assign(&slots(), &BTreeMap::new(), &paths(&["0000:00:10.0", "0000:01:00.0"]));
        let gone = follow(&slots(), &named, &paths(&["0000:01:00.0"]));
        assert_eq!(shown(&gone), ["a 0000:00:10.0 missing", "b 0000:01:00.0"]);
        let third = follow(&slots(), &gone, &paths(&["0000:01:00.0", "0000:02:00.0"]));
        assert_eq!(shown(&third), ["a 0000:00:10.0 missing", "b 0000:01:00.0", "c 0000:02:00.0"]);
        let back = follow(&slots(), &third, &paths(&["0000:00:10.0", "0000:01:00.0", "0000:02:00.0"]));
        assert_eq!(shown(&back), ["a 0000:00:10.0", "b 0000:01:00.0", "c 0000:02:00.0"]);
    }

    #[test]
    fn while_it_runs_a_listed_slot_gets_its_letter_only_if_that_is_free() {
        let slots =
            [Slot { letter: 'c', path: "0000:00:12.0".into() }, Slot { letter: 'a', path: "0000:00:10.0".into() }];
        let named = assign(&[], &BTreeMap::new(), &paths(&["0000:01:00.0"]));
        let more = follow(&slots, &named, &paths(&["0000:00:10.0", "0000:00:12.0", "0000:01:00.0"]));
        assert_eq!(shown(&more), ["a 0000:01:00.0", "b 0000:00:10.0", "c 0000:00:12.0"]);
    }
}
