//! Letters for NICs: a pure function of the board's slots, what was given before, and what is there.
//!
//! Invariants: a letter is given once; a slot of the board keeps its letter; a letter once given to a card is not given to
//! another while that card is missing.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::board::Slot;

/// The letters the product has.
const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

/// A letter and the card it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
}
