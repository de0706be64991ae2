//! The rules for passwords and logins that `user rule` sets (`mmp.md` section 2.4).
//!
//! Invariants: a rule holds only a value of its range; a rule that is not set restricts nothing, but for the age of
//! passwords, which has a default; whatever the rules, some password meets them.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, Username};

/// Days that a password lives unless a rule says otherwise: about six months.
pub const DEFAULT_PASSWORD_AGE_DAYS: u32 = 183;
/// Longest password in bytes.
pub const LONGEST_PASSWORD: usize = 256;
/// The characters that `min_special` counts.
pub const SPECIAL: &str = "!@#$%^&*()_+=?><,.\"\\/";

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Earlier passwords that a new one must differ from.
    MaxHistory,
    /// Days that a password lives.
    PasswordAge,
    /// Days between two changes by the account itself.
    MinPasswordAge,
    /// Characters.
    MinLength,
    /// Characters of [`SPECIAL`].
    MinSpecial,
    /// Upper-case letters.
    MinUppercase,
    /// Lower-case letters.
    MinLowercase,
    /// Digits.
    MinDigits,
    /// Digits in a row.
    LongestDigitsRun,
    /// The same character in a row.
    MaxRepeatedChar,
    /// Places that differ from the old password.
    MinChangedCharacters,
    /// No other characters than ASCII.
    OnlyAscii,
    /// The account's name is not in it.
    NoUsername,
    /// It reads differently backwards.
    NoPalindrome,
    /// Wrong passwords before the account is locked for a while.
    MaxFailedLogins,
    /// Days without a login before the account is locked.
    MaxIdle,
    /// Logins over the network at a time.
    MaxSessions,
}

/// What a rule takes.
enum Takes {
    /// A number, with the line that refuses another value.
    Number(u32, u32, &'static str),
    Flag,
}

impl Rule {
    /// All rules in documentation order.
    pub const ALL: [Self; 17] = [
        Self::MaxHistory,
        Self::PasswordAge,
        Self::MinPasswordAge,
        Self::MinLength,
        Self::MinSpecial,
        Self::MinUppercase,
        Self::MinLowercase,
        Self::MinDigits,
        Self::LongestDigitsRun,
        Self::MaxRepeatedChar,
        Self::MinChangedCharacters,
        Self::OnlyAscii,
        Self::NoUsername,
        Self::NoPalindrome,
        Self::MaxFailedLogins,
        Self::MaxIdle,
        Self::MaxSessions,
    ];

    /// The word that is typed, and what it is in one line.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::MaxHistory => ("max_history", "Earlier passwords that a new one must differ from"),
            Self::PasswordAge => ("password_age", "Days that a password lives"),
            Self::MinPasswordAge => ("min_password_age", "Days between two changes of the own password"),
            Self::MinLength => ("min_length", "Fewest characters"),
            Self::MinSpecial => ("min_special", "Fewest special characters"),
            Self::MinUppercase => ("min_uppercase", "Fewest upper-case letters"),
            Self::MinLowercase => ("min_lowercase", "Fewest lower-case letters"),
            Self::MinDigits => ("min_digits", "Fewest digits"),
            Self::LongestDigitsRun => ("longest_digits_run", "Most digits in a row"),
            Self::MaxRepeatedChar => ("max_repeated_char", "Most times the same character in a row"),
            Self::MinChangedCharacters => ("min_changed_characters", "Fewest places that differ from the old password"),
            Self::OnlyAscii => ("only_ascii", "ASCII characters only"),
            Self::NoUsername => ("no_username", "The account's name must not be in it"),
            Self::NoPalindrome => ("no_palindrome", "It must not read the same backwards"),
            Self::MaxFailedLogins => ("max_failed_logins", "Wrong passwords before a lock of 15 minutes"),
            Self::MaxIdle => ("max_idle", "Days without a login before a lock"),
            Self::MaxSessions => ("max_sessions", "Logins of one account over the network at a time"),
        }
    }

    /// The word that is typed.
    pub fn word(self) -> &'static str {
        self.words().0
    }

    /// What it is, in one line.
    pub fn describe(self) -> &'static str {
        self.words().1
    }

    fn takes(self) -> Takes {
        match self {
            Self::OnlyAscii | Self::NoUsername | Self::NoPalindrome => Takes::Flag,
            // Each costs a check of a hash whenever a password is changed.
            Self::MaxHistory => Takes::Number(0, 24, "Invalid value (0 to 24, or none)"),
            Self::PasswordAge => Takes::Number(1, 9_999_999, "Invalid value (1 to 9999999 days, or none)"),
            Self::MinPasswordAge => Takes::Number(0, 999, "Invalid value (0 to 999 days, or none)"),
            Self::MinLength => Takes::Number(0, 128, "Invalid value (0 to 128, or none)"),
            Self::MinSpecial
            | Self::MinUppercase
            | Self::MinLowercase
            | Self::MinDigits
            | Self::MinChangedCharacters => Takes::Number(0, 32, "Invalid value (0 to 32, or none)"),
            Self::LongestDigitsRun | Self::MaxRepeatedChar | Self::MaxFailedLogins | Self::MaxSessions => {
                Takes::Number(1, 99, "Invalid value (1 to 99, or none)")
            }
            Self::MaxIdle => Takes::Number(1, 9_999, "Invalid value (1 to 9999 days, or none)"),
        }
    }
}

impl FromStr for Rule {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        Self::ALL.into_iter().find(|rule| rule.word() == text).ok_or_else(|| InvalidValue::new("Invalid rule", text))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a rule is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RuleValue {
    /// On or off.
    Flag(bool),
    /// A number.
    Number(u32),
}

impl fmt::Display for RuleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A change of one rule: a value of its range, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(Rule, Option<RuleValue>)", into = "(Rule, Option<RuleValue>)")]
pub struct RuleChange {
    rule: Rule,
    value: Option<RuleValue>,
}

impl RuleChange {
    /// Reads the two words as they are typed.
    pub fn parse(rule: &str, value: &str) -> Result<Self, InvalidValue> {
        let rule = rule.parse()?;
        let given = match value {
            "none" => None,
            "true" => Some(RuleValue::Flag(true)),
            "false" => Some(RuleValue::Flag(false)),
            _ => {
                let digits = value.bytes().all(|b| b.is_ascii_digit());
                // Too long a number is out of every range.
                Some(RuleValue::Number(value.parse().ok().filter(|_| digits).unwrap_or(u32::MAX)))
            }
        };
        Self::try_from((rule, given)).map_err(|wrong| InvalidValue::new(wrong.what, value))
    }

    /// Which rule.
    pub fn rule(self) -> Rule {
        self.rule
    }
}

impl TryFrom<(Rule, Option<RuleValue>)> for RuleChange {
    type Error = InvalidValue;
    fn try_from((rule, value): (Rule, Option<RuleValue>)) -> Result<Self, InvalidValue> {
        let wrong = |what| Err(InvalidValue::new(what, value.map_or_else(String::new, |value| value.to_string())));
        match (rule.takes(), value) {
            (_, None) | (Takes::Flag, Some(RuleValue::Flag(_))) => Ok(Self { rule, value }),
            (Takes::Number(least, most, _), Some(RuleValue::Number(n))) if (least..=most).contains(&n) => {
                Ok(Self { rule, value })
            }
            (Takes::Number(_, _, what), _) => wrong(what),
            (Takes::Flag, _) => wrong("Invalid value (true, false or none)"),
        }
    }
}

impl From<RuleChange> for (Rule, Option<RuleValue>) {
    fn from(change: RuleChange) -> Self {
        (change.rule, change.value)
    }
}

/// Whether a word can be the value of any rule.
pub fn could_be_value(text: &str) -> Result<(), InvalidValue> {
    let any = text == "none" || Rule::ALL.iter().any(|rule| RuleChange::parse(rule.word(), text).is_ok());
    if any { Ok(()) } else { Err(InvalidValue::new("Invalid value", text)) }
}

/// All rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Rule, RuleValue>", into = "BTreeMap<Rule, RuleValue>")]
pub struct Rules(BTreeMap<Rule, RuleValue>);

impl TryFrom<BTreeMap<Rule, RuleValue>> for Rules {
    type Error = InvalidValue;
    fn try_from(set: BTreeMap<Rule, RuleValue>) -> Result<Self, InvalidValue> {
        set.iter().try_for_each(|(rule, value)| RuleChange::try_from((*rule, Some(*value))).map(drop))?;
        Ok(Self(set))
    }
}

impl From<Rules> for BTreeMap<Rule, RuleValue> {
    fn from(rules: Rules) -> Self {
        rules.0
    }
}

impl Rules {
    /// Sets a rule or takes it away.
    pub fn set(&mut self, change: RuleChange) {
        match change.value {
            Some(value) => self.0.insert(change.rule, value),
            None => self.0.remove(&change.rule),
        };
    }

    /// What is in force: the value that is set, or the default.
    pub fn value(&self, rule: Rule) -> Option<RuleValue> {
        let default = || (rule == Rule::PasswordAge).then_some(RuleValue::Number(DEFAULT_PASSWORD_AGE_DAYS));
        self.0.get(&rule).copied().or_else(default)
    }

    /// The number of a rule that has one.
    pub fn number(&self, rule: Rule) -> Option<u32> {
        match self.value(rule) {
            Some(RuleValue::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Whether a rule that is on or off is on.
    pub fn is_on(&self, rule: Rule) -> bool {
        self.value(rule) == Some(RuleValue::Flag(true))
    }

    /// Old hashes that are worth keeping of each account.
    pub fn history(&self) -> usize {
        self.number(Rule::MaxHistory).unwrap_or(0) as usize
    }

    /// What a new password breaks by its text alone. `old` is the one it replaces, where that is known.
    pub fn broken_by(&self, new: &str, user: &Username, old: Option<&str>) -> Option<String> {
        Rule::ALL.into_iter().find_map(|rule| match self.value(rule)? {
            RuleValue::Flag(true) => broken_flag(rule, new, user),
            RuleValue::Flag(false) => None,
            RuleValue::Number(number) => broken_number(rule, number, new, old),
        })
    }
}

fn broken_flag(rule: Rule, new: &str, user: &Username) -> Option<String> {
    let lower = new.to_lowercase();
    let broken = match rule {
        Rule::OnlyAscii if !new.is_ascii() => "only ASCII characters",
        Rule::NoUsername if lower.contains(&user.as_str().to_lowercase()) => "it must not contain the user name",
        Rule::NoPalindrome if lower.chars().eq(lower.chars().rev()) => "it must not be a palindrome",
        _ => return None,
    };
    Some(broken.to_owned())
}

fn broken_number(rule: Rule, number: u32, new: &str, old: Option<&str>) -> Option<String> {
    let least = |count: usize, what: &str| (count < number as usize).then(|| format!("at least {number} {what}"));
    let count = |is: fn(char) -> bool| new.chars().filter(|&c| is(c)).count();
    match rule {
        Rule::MinLength => least(new.chars().count(), "characters"),
        Rule::MinSpecial => least(count(|c| SPECIAL.contains(c)), &format!("of {SPECIAL}")),
        Rule::MinUppercase => least(count(char::is_uppercase), "upper-case letters"),
        Rule::MinLowercase => least(count(char::is_lowercase), "lower-case letters"),
        Rule::MinDigits => least(count(|c| c.is_ascii_digit()), "digits"),
        Rule::LongestDigitsRun => (longest(new, |_, c| c.is_ascii_digit()) > number as usize)
            .then(|| format!("not more than {number} digits in a row")),
        Rule::MaxRepeatedChar => (longest(new, |before, c| before.is_none_or(|before| before == c)) > number as usize)
            .then(|| format!("not more than {number} times the same character in a row")),
        Rule::MinChangedCharacters => {
            least(changed(old?, new), "characters different from the old password, each in its place")
        }
        _ => None,
    }
}

/// The longest run of characters that go on with a run; one that does not may begin the next.
fn longest(text: &str, goes_on: impl Fn(Option<char>, char) -> bool) -> usize {
    let (mut longest, mut run, mut before) = (0, 0, None);
    for c in text.chars() {
        run = if goes_on(before.filter(|_| run > 0), c) { run + 1 } else { usize::from(goes_on(None, c)) };
        before = Some(c);
        longest = longest.max(run);
    }
    longest
}

/// Places where the two differ; what one is longer by differs.
fn changed(old: &str, new: &str) -> usize {
    let (mut old, mut new) = (old.chars(), new.chars());
    let mut count = 0;
    loop {
        match (old.next(), new.next()) {
            (None, None) => return count,
            (a, b) => count += usize::from(a != b),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules(set: &[(&str, &str)]) -> Rules {
        let mut rules = Rules::default();
        set.iter().for_each(|(rule, value)| rules.set(RuleChange::parse(rule, value).unwrap()));
        rules
    }

    fn broken(set: &[(&str, &str)], new: &str) -> Option<String> {
        rules(set).broken_by(new, &"bob".parse().unwrap(), Some("Old-Pass-1"))
    }

    #[test]
    fn values_out_of_range_are_refused_with_the_range() {
        let line = |rule, value| RuleChange::parse(rule, value).unwrap_err().to_string();
        assert_eq!(line("max_idle", "0"), "Invalid value (1 to 9999 days, or none): 0");
        assert_eq!(line("max_history", "25"), "Invalid value (0 to 24, or none): 25");
        assert_eq!(line("min_length", "true"), "Invalid value (0 to 128, or none): true");
        assert_eq!(line("only_ascii", "1"), "Invalid value (true, false or none): 1");
        assert_eq!(line("min_digits", "+3"), "Invalid value (0 to 32, or none): +3");
        assert_eq!(line("min_digits", "99999999999"), "Invalid value (0 to 32, or none): 99999999999");
        assert_eq!(line("speed", "1"), "Invalid rule: speed");
        for rule in Rule::ALL {
            assert_eq!(rule.word().parse(), Ok(rule));
            assert!(RuleChange::parse(rule.word(), "none").is_ok());
            if let Takes::Number(least, most, text) = rule.takes() {
                assert!(text.contains(&format!("({least} to {most}")), "{rule}: {text}");
                assert!(RuleChange::parse(rule.word(), &most.to_string()).is_ok());
            }
        }
        assert!(could_be_value("none").is_ok() && could_be_value("12").is_ok() && could_be_value("yes").is_err());
    }

    #[test]
    fn a_rule_restricts_nothing_until_it_is_set_but_for_the_age() {
        let mut rules = Rules::default();
        assert!(Rule::ALL.into_iter().all(|rule| rules.value(rule).is_none() || rule == Rule::PasswordAge));
        assert_eq!(rules.number(Rule::PasswordAge), Some(183));
        rules.set(RuleChange::parse("password_age", "30").unwrap());
        assert_eq!(rules.number(Rule::PasswordAge), Some(30));
        rules.set(RuleChange::parse("password_age", "none").unwrap());
        assert_eq!(rules, Rules::default());
        assert_eq!(broken(&[], "x"), None);
    }

    #[test]
    fn each_rule_names_what_it_misses() {
        for (rule, value, bad, good, text) in [
            ("min_length", "8", "Äbcdefg", "Äbcdefgh", "at least 8 characters"),
            ("min_special", "2", "a!-b", "a!b/", "at least 2 of !@#$%^&*()_+=?><,.\"\\/"),
            ("min_uppercase", "2", "Ab", "AÄ", "at least 2 upper-case letters"),
            ("min_lowercase", "1", "AB1", "aB1", "at least 1 lower-case letters"),
            ("min_digits", "2", "a1", "a1b2", "at least 2 digits"),
            ("longest_digits_run", "3", "a1234", "123a456", "not more than 3 digits in a row"),
            ("max_repeated_char", "2", "abbbc", "abbcbb", "not more than 2 times the same character in a row"),
            ("max_repeated_char", "1", "abb", "abab", "not more than 1 times the same character in a row"),
            (
                "min_changed_characters",
                "3",
                "Old-Pass-22",
                "Old-Pass-234",
                "at least 3 characters different from the old password, each in its place",
            ),
            ("only_ascii", "true", "pässword", "password", "only ASCII characters"),
            ("no_username", "true", "xBOBx", "xb-obx", "it must not contain the user name"),
            ("no_palindrome", "true", "Abc-cbA", "Abc-cbB", "it must not be a palindrome"),
        ] {
            assert_eq!(broken(&[(rule, value)], bad).as_deref(), Some(text), "{rule}");
            assert_eq!(broken(&[(rule, value)], good), None, "{rule}");
        }
        assert_eq!(broken(&[("no_username", "false")], "bob"), None);
        // What the old one was is not always known.
        assert_eq!(rules(&[("min_changed_characters", "3")]).broken_by("x", &"bob".parse().unwrap(), None), None);
    }

    #[test]
    fn stored_rules_are_checked_too() {
        assert!(serde_json::from_str::<Rules>(r#"{"min_length":12,"only_ascii":true}"#).is_ok());
        for bad in [r#"{"max_idle":0}"#, r#"{"only_ascii":1}"#, r#"{"speed":1}"#, r#"{"min_length":true}"#] {
            assert!(serde_json::from_str::<Rules>(bad).is_err(), "{bad}");
        }
    }

    fn any_rules() -> impl Strategy<Value = Rules> {
        prop::collection::vec((0..Rule::ALL.len(), any::<bool>(), 0.0..=1.0f64), 0..20).prop_map(|set| {
            let mut rules = Rules::default();
            for (index, flag, part) in set {
                let rule = Rule::ALL[index];
                let value = match rule.takes() {
                    Takes::Flag => RuleValue::Flag(flag),
                    Takes::Number(least, most, _) => RuleValue::Number(least + (f64::from(most - least) * part) as u32),
                };
                rules.set((rule, Some(value)).try_into().expect("of its range"));
            }
            rules
        })
    }

    proptest! {
        #[test]
        fn some_password_meets_all_rules_together(rules in any_rules()) {
            let n = |rule| rules.number(rule).unwrap_or(0) as usize;
            // Digits apart from each other, no two characters alike in a row, nothing of the old one.
            let mut text = String::from("#");
            (0..n(Rule::MinDigits)).for_each(|i| text.push_str(["1/", "2/"][i % 2]));
            (0..n(Rule::MinUppercase)).for_each(|i| text.push(['Q', 'W'][i % 2]));
            (0..n(Rule::MinLowercase)).for_each(|i| text.push(['q', 'w'][i % 2]));
            (0..n(Rule::MinSpecial)).for_each(|i| text.push(['&', '('][i % 2]));
            while text.chars().count() < n(Rule::MinLength).max(40) {
                text.push_str("xy");
            }
            text.push('z');
            prop_assert!(text.len() <= LONGEST_PASSWORD);
            let user = "administrator".parse().expect("a name");
            prop_assert_eq!(rules.broken_by(&text, &user, Some("Old-Pass-1")), None);
        }

        #[test]
        fn runs_are_as_counted_from_every_place(text in "[ab1]{0,12}") {
            let chars: Vec<char> = text.chars().collect();
            let run = |same: &dyn Fn(char, char) -> bool| (0..chars.len())
                .map(|from| chars[from..].iter().take_while(|&&c| same(chars[from], c)).count()).max().unwrap_or(0);
            prop_assert_eq!(longest(&text, |_, c| c.is_ascii_digit()), run(&|_, c| c.is_ascii_digit()));
            prop_assert_eq!(longest(&text, |b, c| b.is_none_or(|b| b == c)), run(&|first, c| first == c));
        }

        #[test]
        fn what_is_stored_is_loaded(rules in any_rules()) {
            let text = serde_json::to_string(&rules).expect("text keys");
            prop_assert_eq!(serde_json::from_str::<Rules>(&text).expect("its own text"), rules);
        }
    }
}
