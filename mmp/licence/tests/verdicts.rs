//! What a file comes down to: every verdict, and that nobody but the issuer can make one.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use mmp_licence::{
    Draft, Effect, Fault, Feature, Keyring, ParseError, State, Verdict, effect, file::grant, judge, keys::Issuer,
};
use proptest::prelude::*;

const MAC: &str = "00:50:56:00:FC:7D";

fn draft(trial: bool) -> Draft {
    Draft {
        licensee: "Example Ltd".into(),
        issued: date(2026, 6, 1),
        trial,
        macs: BTreeSet::from([MAC.to_owned(), "00:50:56:00:FC:7E".to_owned()]),
        grants: vec![
            grant("callbridge until 2026-08-28").unwrap(),
            grant("recording until 2026-07-28 limit 5").unwrap(),
        ],
    }
}

fn signed(draft: &Draft) -> (String, Keyring) {
    let issuer = Issuer::generate().unwrap();
    let keys = Keyring::read(&format!("# test\n{} somebody\n", issuer.public()));
    (issuer.sign(draft), keys)
}

fn states(file: &str, keys: &Keyring, today: Date) -> Vec<(Feature, State, i64)> {
    match judge(Some(file.as_bytes()), keys, Some(MAC), today) {
        Verdict::Features(all) => all.iter().map(|one| (one.feature, one.state, one.days)).collect(),
        Verdict::Fault(fault) => panic!("{fault}"),
    }
}

#[test]
fn each_feature_has_its_own_end_and_a_full_licence_a_time_of_grace() {
    let (file, keys) = signed(&draft(false));
    use Feature::{Callbridge, Recording};
    let at = |day| states(&file, &keys, day);
    assert_eq!(at(date(2026, 7, 28)), [(Callbridge, State::Active, 31), (Recording, State::Active, 0)]);
    assert_eq!(at(date(2026, 7, 29)), [(Callbridge, State::Active, 30), (Recording, State::Grace, 0)]);
    assert_eq!(at(date(2026, 8, 27))[1].1, State::Grace);
    assert_eq!(at(date(2026, 8, 28))[1].1, State::Expired);
}

#[test]
fn a_trial_ends_when_it_ends() {
    let (file, keys) = signed(&draft(true));
    assert_eq!(states(&file, &keys, date(2026, 8, 28))[0].1, State::Trial);
    assert_eq!(states(&file, &keys, date(2026, 8, 29))[0].1, State::Expired);
    let mut long = draft(true);
    long.grants.push(grant("turn until 2026-09-01").unwrap());
    let (file, keys) = signed(&long);
    let verdict = judge(Some(file.as_bytes()), &keys, Some(MAC), date(2026, 6, 2));
    assert_eq!(verdict, Verdict::Fault(Fault::Bad(ParseError::LongTrial)));
}

#[test]
fn without_a_file_for_this_appliance_nothing_is_licensed() {
    let (file, keys) = signed(&draft(false));
    let today = date(2026, 6, 2);
    let judged = |file: Option<&[u8]>, mac| judge(file, &keys, mac, today);
    let Verdict::Fault(fault) = judged(None, Some(MAC)) else { panic!("in force") };
    assert_eq!(fault.to_string(), "No license file found");
    let Verdict::Fault(fault) = judged(Some(file.as_bytes()), Some("02:00:00:00:00:01")) else { panic!("in force") };
    assert_eq!(
        fault.to_string(),
        "The license file is for MAC address 00:50:56:00:FC:7D, 00:50:56:00:FC:7E; interface a of this appliance has \
         02:00:00:00:00:01"
    );
    assert!(!judged(Some(file.as_bytes()), None).is_in_force());
    let other = judge(Some(file.as_bytes()), &Keyring::default(), Some(MAC), today);
    assert!(matches!(other, Verdict::Fault(Fault::Bad(ParseError::UnknownIssuer(_)))));
    assert!(matches!(
        judged(Some(b"INCREMENT callbridge cisco"), Some(MAC)),
        Verdict::Fault(Fault::Bad(ParseError::Foreign))
    ));
}

#[test]
fn other_line_ends_and_a_byte_order_mark_change_nothing() {
    let (file, keys) = signed(&draft(false));
    let mailed = format!("\u{feff}{}\r\n", file.replace('\n', " \r\n"));
    assert_eq!(states(&mailed, &keys, date(2026, 6, 2)).len(), 2);
}

#[test]
fn a_line_behind_the_signature_is_refused() {
    let (file, keys) = signed(&draft(false));
    let longer = format!("{file}Feature: turn until 2099-01-01\n");
    let verdict = judge(Some(longer.as_bytes()), &keys, Some(MAC), date(2026, 6, 2));
    assert!(matches!(verdict, Verdict::Fault(Fault::Bad(ParseError::Line(_)))));
}

#[test]
fn every_state_has_its_effect_on_every_feature() {
    for (feature, ..) in Feature::ALL {
        assert_eq!(effect(feature, State::Active), Effect::Full);
        assert_eq!(effect(feature, State::Grace), Effect::Warned);
        assert_eq!(effect(feature, State::None), effect(feature, State::Expired));
        assert!(!matches!(effect(feature, State::None), Effect::Full | Effect::Warned));
    }
    assert_eq!(effect(Feature::Xmpp, State::None), Effect::NotStarted);
}

proptest! {
    /// Whatever one byte becomes, the licence is the same one or none.
    #[test]
    fn no_changed_byte_grants_anything(place: prop::sample::Index, byte: u8) {
        let (file, keys) = signed(&draft(false));
        let mut bytes = file.clone().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let day = date(2026, 6, 2);
        let genuine = judge(Some(file.as_bytes()), &keys, Some(MAC), day);
        let verdict = judge(Some(&bytes), &keys, Some(MAC), day);
        prop_assert!(verdict == genuine || matches!(verdict, Verdict::Fault(Fault::Bad(_))));
    }
}
