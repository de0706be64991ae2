//! Duty hours: when an account may log in (`mmp.md` section 2.2).
//!
//! Invariants: a [`Duty`] is text of the documented grammar, so it can stand in any file; whether it covers a moment is
//! a function of the local day and minute alone, so it needs no clock and no time zone.
//!
//! ```text
//! duty = rule { '|' rule }                      on duty when any rule says so
//! rule = [ '!' ] day { day } [ HHMM '-' HHMM ]  '!' turns the whole rule round
//! day  = 'Mo' .. 'Su' | 'Wk' | 'Wd' | 'Al'      a day that is named again is taken off again
//! ```

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Longest text, which is far more than a week needs.
const LONGEST: usize = 256;
/// Minutes of a day.
pub const DAY: u16 = 24 * 60;

/// The words for days, with one bit a day from Monday on.
const DAYS: [(&str, u8); 10] = [
    ("Mo", 1 << 0),
    ("Tu", 1 << 1),
    ("We", 1 << 2),
    ("Th", 1 << 3),
    ("Fr", 1 << 4),
    ("Sa", 1 << 5),
    ("Su", 1 << 6),
    ("Wk", 0b001_1111),
    ("Wd", 0b110_0000),
    ("Al", 0b111_1111),
];

/// A moment of the local week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// 0 is Monday, 6 Sunday.
    pub day: u8,
    /// Minutes since local midnight, below [`DAY`].
    pub minute: u16,
}

/// When an account may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Duty {
    text: String,
    rules: Vec<Rule>,
}
text_value!(Duty);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    negated: bool,
    days: u8,
    /// First minute, and the first that is not in any more.
    hours: Option<(u16, u16)>,
}

impl Duty {
    /// Whether the moment is one of duty.
    pub fn covers(&self, at: LocalTime) -> bool {
        self.rules.iter().any(|rule| rule.covers(at))
    }
}

impl Rule {
    fn covers(self, at: LocalTime) -> bool {
        let on = |day: u8| self.days & (1 << (day % 7)) != 0;
        let (today, yesterday) = (on(at.day), on(at.day + 6));
        let inside = match self.hours {
            None => today,
            Some((from, to)) if from < to => today && (from..to).contains(&at.minute),
            // Past midnight: the evening is the named day's, the morning the next one's.
            Some((from, to)) => (today && at.minute >= from) || (yesterday && at.minute < to),
        };
        inside != self.negated
    }

    fn parse(text: &str) -> Option<Self> {
        let (negated, mut rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let mut days = 0;
        let mut named = false;
        while let Some((_, bits)) = DAYS.iter().find(|(word, _)| rest.starts_with(word)) {
            days ^= bits;
            named = true;
            rest = &rest[2..];
        }
        let hours = match rest {
            "" => None,
            _ => {
                let (from, to) = rest.split_once('-')?;
                Some((minute(from).filter(|&from| from < DAY)?, minute(to)?))
            }
        };
        named.then_some(Self { negated, days, hours })
    }
}

/// `0000` to `2400`, the end of the day.
fn minute(text: &str) -> Option<u16> {
    if text.len() != 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hour, minute): (u16, u16) = (text[..2].parse().ok()?, text[2..].parse().ok()?);
    let whole = hour * 60 + minute;
    (minute < 60 && whole <= DAY).then_some(whole)
}

impl FromStr for Duty {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid duty hours", text);
        if text.len() > LONGEST {
            return Err(wrong());
        }
        let rules = text.split('|').map(Rule::parse).collect::<Option<_>>().ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), rules })
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers(duty: &str, day: u8, time: &str) -> bool {
        duty.parse::<Duty>().unwrap().covers(LocalTime { day, minute: minute(time).unwrap() })
    }

    #[test]
    fn the_documented_example_is_read_as_documented() {
        let duty = "MoTu1200-1400|We1400-1500";
        for (day, time, expected) in [
            (0, "1159", false),
            (0, "1200", true),
            (1, "1359", true),
            (1, "1400", false),
            (2, "1200", false),
            (2, "1400", true),
            (2, "1459", true),
            (2, "1500", false),
            (3, "1300", false),
        ] {
            assert_eq!(covers(duty, day, time), expected, "{day} {time}");
        }
    }

    #[test]
    fn a_day_that_is_named_again_is_taken_off() {
        let days = |duty: &str| (0..7).filter(|&day| covers(duty, day, "1200")).collect::<Vec<_>>();
        assert!(days("MoMo").is_empty());
        assert_eq!(days("MoWk"), [1, 2, 3, 4]);
        assert_eq!(days("AlSu"), [0, 1, 2, 3, 4, 5]);
        assert_eq!(days("WkWd"), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(days("!Wd"), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn hours_run_past_midnight_and_over_the_end_of_the_week() {
        let duty = "Su2200-0600";
        assert!(covers(duty, 6, "2200") && covers(duty, 0, "0559"));
        assert!(!covers(duty, 6, "0559") && !covers(duty, 0, "0600") && !covers(duty, 0, "2300"));
        assert!(covers("Mo0000-2400", 0, "2359") && !covers("Mo0000-2400", 1, "0000"));
        // The same hour twice is a whole day from it on.
        assert!(covers("Mo0800-0800", 0, "0800") && covers("Mo0800-0800", 1, "0759"));
        assert!(!covers("Mo0800-0800", 0, "0759") && !covers("Mo0800-0800", 1, "0800"));
    }

    #[test]
    fn anything_but_turns_the_whole_rule_round() {
        let duty = "!Mo2200-0600";
        assert!(!covers(duty, 0, "2300") && !covers(duty, 1, "0100"));
        assert!(covers(duty, 0, "2100") && covers(duty, 1, "0600") && covers(duty, 4, "0100"));
    }

    #[test]
    fn what_is_not_in_the_grammar_is_refused() {
        for bad in [
            "",
            "!",
            "|",
            "Mo|",
            "|Mo",
            "mo",
            "MO",
            "M",
            "Mo1200",
            "Mo1200-",
            "Mo-1200",
            "Mo1260-1300",
            "Mo2401-2402",
            "Mo2400-0100",
            "1200-1400",
            "Mo 1200-1400",
            "Mo1200-1400 ",
            "Mo120-1400",
            "Mo+120-1400",
            "!!Mo",
            "Mo!Tu",
            "Mo1200-1400Tu",
            "none",
            "Mo\n",
            "Mä",
            &"Mo".repeat(129),
        ] {
            let wrong = bad.parse::<Duty>().unwrap_err().to_string();
            assert_eq!(wrong, format!("Invalid duty hours: {bad}"));
        }
    }

    /// A rule as it is written and, minute by minute, what it means.
    #[derive(Clone, Debug)]
    struct Written {
        negated: bool,
        days: Vec<usize>,
        hours: Option<(u16, u16)>,
    }

    const WEEK: usize = 7 * DAY as usize;

    impl Written {
        fn text(&self) -> String {
            let clock = |m: u16| format!("{:02}{:02}", m / 60, m % 60);
            let days: String = self.days.iter().map(|&day| DAYS[day].0).collect();
            let hours = self.hours.map(|(from, to)| format!("{}-{}", clock(from), clock(to))).unwrap_or_default();
            format!("{}{days}{hours}", if self.negated { "!" } else { "" })
        }

        /// Walks from each named day's first minute to its last on a dial of one week.
        fn dial(&self) -> Vec<bool> {
            let named = |day: usize| {
                let names = |word: usize| match word {
                    7 => day < 5,
                    8 => day >= 5,
                    9 => true,
                    word => word == day,
                };
                self.days.iter().filter(|&&word| names(word)).count() % 2 == 1
            };
            let mut dial = vec![false; WEEK];
            for day in (0..7).filter(|&day| named(day)) {
                let (from, to) = self.hours.unwrap_or((0, DAY));
                let mut minute = from;
                loop {
                    dial[(day * usize::from(DAY) + usize::from(minute)) % WEEK] = true;
                    minute += 1;
                    if minute == to || minute == to + DAY {
                        break;
                    }
                }
            }
            dial.into_iter().map(|on| on != self.negated).collect()
        }
    }

    fn any_rule() -> impl Strategy<Value = Written> {
        let hours = prop::option::of((0..DAY, 0..=DAY));
        let days = prop::collection::vec(0..DAYS.len(), 1..6);
        (any::<bool>(), days, hours).prop_map(|(negated, days, hours)| Written { negated, days, hours })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_minute_of_the_week_is_as_walked_by_hand(rules in prop::collection::vec(any_rule(), 1..4)) {
            let text = rules.iter().map(Written::text).collect::<Vec<_>>().join("|");
            let duty: Duty = text.parse().expect("the grammar's own text");
            let dials: Vec<_> = rules.iter().map(Written::dial).collect();
            for minute in 0..WEEK {
                let at = LocalTime { day: (minute / usize::from(DAY)) as u8, minute: (minute % usize::from(DAY)) as u16 };
                let expected = dials.iter().any(|dial| dial[minute]);
                prop_assert_eq!(duty.covers(at), expected, "{} at day {} {:02}:{:02}", text, at.day, at.minute / 60, at.minute % 60);
            }
            prop_assert_eq!(duty.to_string(), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}|[!|MoTuWeAl0-9-]{0,40}") {
            if let Ok(duty) = text.parse::<Duty>() {
                prop_assert_eq!(duty.to_string(), text);
                let _ = duty.covers(LocalTime { day: 6, minute: DAY - 1 });
            }
        }
    }
}
