//! Types of parameters: what is accepted, and the one form in which it is stored and shown (`api.md` 1.3, 1.8).

use crate::{fault::Wrong, guid::Guid, xml};

/// Longest text where the reference names no other bound, in characters: far above what anybody types, low enough that no
/// request fills a database.
pub const TEXT_MAX: usize = 4096;

/// Layouts by the names of the API.
pub const LAYOUTS: &[&str] = &[
    "allEqual",
    "speakerOnly",
    "telepresence",
    "stacked",
    "allEqualQuarters",
    "allEqualNinths",
    "allEqualSixteenths",
    "allEqualTwentyFifths",
    "onePlusFive",
    "onePlusSeven",
    "onePlusNine",
    "automatic",
    "onePlusN",
];

/// A parameter's or field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Any text up to [`TEXT_MAX`].
    Text,
    /// Text of at most so many characters.
    Short(usize),
    /// Text of at most so many bytes of UTF-8.
    Bytes(usize),
    /// The user part of a URI, lower-cased.
    UriUser,
    /// Letters and digits, kept as they are written.
    CallId,
    /// True or false in any form that clients write.
    Bool,
    /// A whole number between both bounds.
    Number(u64, u64),
    /// A number of seconds, or a word.
    SecondsOr(&'static str),
    /// One of these words, in any case.
    OneOf(&'static [&'static str]),
    /// An id that names no object of this API.
    Id,
    /// The id of an object kept at this node's path.
    Reference(&'static str),
    /// A URL with one of these schemes.
    Url(&'static [&'static str]),
    /// Keys and pauses.
    Dtmf,
    /// Ids with commas between, at most twenty.
    Ids,
    /// The letters and signs of a URI generator, with one dollar sign.
    UriGenerator,
    /// A domain or an address as it stands in a rule; with wildcards or without.
    Domain {
        /// Whether `*` may stand for any run of characters.
        wildcards: bool,
    },
    /// Text with at most one `$index$`, where a backslash takes the meaning from what follows; for a URI without `@`.
    Numbered {
        /// Whether it becomes the user part of a URI.
        uri: bool,
    },
    /// RFC 3339 in UTC with seconds. Never a parameter.
    Time,
    /// A decimal with so many digits after the point. Never a parameter.
    Decimal(u8),
    /// Elements below this one. Never a parameter.
    Tree,
    /// These fields, as elements below this one.
    Group,
}

/// A layout.
pub const LAYOUT: Value = Value::OneOf(LAYOUTS);
/// A whole number without a documented bound.
pub const NUMBER: Value = Value::Number(0, u32::MAX as u64);

/// How many ids a list of ids may have (`api.md` 3.3).
const IDS_MAX: usize = 20;

impl Value {
    /// The stored form of what a client wrote, which is not empty.
    pub fn read(self, text: &str) -> Result<String, Wrong> {
        if !text.chars().all(xml::allowed) {
            return Err(Wrong::InvalidValue);
        }
        let longest = match self {
            Self::Short(most) if text.chars().count() > most => true,
            Self::Bytes(most) => text.len() > most,
            _ => text.len() > TEXT_MAX && text.chars().count() > TEXT_MAX,
        };
        if longest {
            return Err(Wrong::TooLong);
        }
        let trimmed = text.trim();
        let valid = |good: bool, stored: String| if good { Ok(stored) } else { Err(Wrong::InvalidValue) };
        match self {
            Self::Text | Self::Short(_) | Self::Bytes(_) => Ok(text.to_owned()),
            Self::UriUser => {
                let refused = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '<' | '>' | '"');
                valid(!trimmed.is_empty() && !trimmed.contains(refused), trimmed.to_lowercase())
            }
            Self::CallId => {
                valid(!trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_alphanumeric()), trimmed.to_owned())
            }
            Self::Bool => boolean(trimmed).map(|value| value.to_string()).ok_or(Wrong::InvalidValue),
            Self::Number(least, most) => number(trimmed)
                .filter(|value| (least..=most).contains(value))
                .map(|value| value.to_string())
                .ok_or(Wrong::InvalidValue),
            Self::SecondsOr(word) if trimmed.eq_ignore_ascii_case(word) => Ok(word.to_owned()),
            Self::SecondsOr(_) => NUMBER.read(trimmed),
            Self::OneOf(words) => words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(trimmed))
                .map(|word| (*word).to_owned())
                .ok_or(Wrong::InvalidValue),
            Self::Id | Self::Reference(_) => {
                trimmed.parse::<Guid>().map(|id| id.to_string()).map_err(|_| Wrong::InvalidValue)
            }
            Self::Url(schemes) => valid(is_url(trimmed, schemes), trimmed.to_owned()),
            Self::Dtmf => valid(trimmed.bytes().all(|b| b.is_ascii_digit() || b"*#,".contains(&b)), trimmed.to_owned()),
            Self::Ids => ids(trimmed),
            Self::UriGenerator => {
                let known = |b: u8| b.is_ascii_alphanumeric() || b".-_$".contains(&b);
                let one = trimmed.bytes().filter(|b| *b == b'$').count() == 1;
                valid(one && trimmed.bytes().all(known), trimmed.to_owned())
            }
            Self::Domain { wildcards } => {
                let refused =
                    |c: char| c.is_whitespace() || c.is_control() || "@/<>\"".contains(c) || !wildcards && c == '*';
                valid(!trimmed.contains(refused), trimmed.to_owned())
            }
            Self::Numbered { uri } => {
                valid(indexes(text).is_some_and(|count| count <= 1) && !(uri && text.contains('@')), text.to_owned())
            }
            Self::Time | Self::Decimal(_) | Self::Tree | Self::Group => Err(Wrong::InvalidValue),
        }
    }
}

/// How often `$index$` stands in a text; nothing if another dollar sign or a lone backslash does.
fn indexes(text: &str) -> Option<usize> {
    let (mut rest, mut count) = (text, 0);
    while let Some(at) = rest.find(['\\', '$']) {
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$index$") {
            (rest, count) = (after, count + 1);
        } else {
            rest = rest.strip_prefix("\\\\").or_else(|| rest.strip_prefix("\\$"))?;
        }
    }
    Some(count)
}

/// `true`, `on`, `1` and their opposites, in any case.
pub fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(["true", "on", "1"]) {
        Some(true)
    } else if is(["false", "off", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Digits alone; a number too large for 64 bits is the largest there is.
pub fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// A scheme of the list, a host, and nothing that ends a line or an attribute.
fn is_url(text: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        && !host.rsplit('@').next().unwrap_or_default().trim_start_matches(':').is_empty()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'))
}

fn ids(text: &str) -> Result<String, Wrong> {
    let ids: Result<Vec<String>, _> =
        text.split(',').map(|id| id.trim().parse::<Guid>().map(|id| id.to_string())).collect();
    let ids = ids.map_err(|_| Wrong::InvalidValue)?;
    if ids.len() > IDS_MAX { Err(Wrong::TooLong) } else { Ok(ids.join(",")) }
}

/// Signs of a secret, six bits each.
const SECRET_SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
const SECRET_LENGTH: usize = 22;

/// The secret of 128 random bits, as text of 22 characters.
pub fn secret(bits: u128) -> String {
    (0..SECRET_LENGTH).map(|at| char::from(SECRET_SIGNS[(bits >> (at * 6)) as usize & 63])).collect()
}

/// A call ID of nine digits out of random bits; the first digit is never zero.
pub fn call_id(bits: u64) -> String {
    (100_000_000 + bits % 900_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_have_one_stored_form() {
        assert_eq!(Value::UriUser.read("APITestURI"), Ok("apitesturi".into()));
        assert_eq!(Value::Bool.read("On"), Ok("true".into()));
        assert_eq!(Value::Number(0, 10).read(" 007 "), Ok("7".into()));
        assert_eq!(LAYOUT.read("SPEAKERONLY"), Ok("speakerOnly".into()));
        assert_eq!(Value::SecondsOr("permanent").read("PERMANENT"), Ok("permanent".into()));
        assert_eq!(Value::UriGenerator.read("$.host"), Ok("$.host".into()));
        assert_eq!(Value::Numbered { uri: true }.read(r"a\$b\\$index$"), Ok(r"a\$b\\$index$".into()));
        assert_eq!(Value::Domain { wildcards: true }.read("*.meet.test"), Ok("*.meet.test".into()));
        assert_eq!(Value::Text.read(" as typed "), Ok(" as typed ".into()));
    }

    #[test]
    fn wrong_values_say_how() {
        for (value, text, wrong) in [
            (Value::UriUser, "ops@meet.test", Wrong::InvalidValue),
            (Value::CallId, "12 34", Wrong::InvalidValue),
            (Value::Bool, "yes", Wrong::InvalidValue),
            (Value::Number(0, 10), "11", Wrong::InvalidValue),
            (Value::Number(0, 10), "-1", Wrong::InvalidValue),
            (Value::Url(&["rtmp"]), "http://a.test", Wrong::InvalidValue),
            (Value::Url(&["rtmp"]), "rtmp://", Wrong::InvalidValue),
            (Value::UriGenerator, "host", Wrong::InvalidValue),
            (Value::Dtmf, "1;2", Wrong::InvalidValue),
            (Value::Domain { wildcards: false }, "*.test", Wrong::InvalidValue),
            (Value::Domain { wildcards: true }, "a b", Wrong::InvalidValue),
            (Value::Numbered { uri: false }, "$index$$index$", Wrong::InvalidValue),
            (Value::Numbered { uri: false }, "$other$", Wrong::InvalidValue),
            (Value::Numbered { uri: true }, "a@$index$", Wrong::InvalidValue),
            (Value::Text, "a\0", Wrong::InvalidValue),
            (Value::Bytes(50), &"é".repeat(26), Wrong::TooLong),
            (Value::Short(100), &"é".repeat(101), Wrong::TooLong),
        ] {
            assert_eq!(value.read(text), Err(wrong), "{value:?} {text:?}");
        }
        assert!(Value::Short(100).read(&"é".repeat(100)).is_ok());
    }

    proptest! {
        #[test]
        fn a_stored_value_is_read_as_itself(text in "\\PC{1,60}|[0-9a-zA-Z.$*#,-]{1,40}") {
            for value in [Value::Text, Value::UriUser, Value::CallId, Value::Bool, NUMBER, LAYOUT, Value::Ids, Value::Dtmf] {
                if let Ok(stored) = value.read(&text) {
                    prop_assert_eq!(value.read(&stored), Ok(stored.clone()));
                }
            }
        }

        #[test]
        fn secrets_have_22_signs(bits in any::<u128>()) {
            let text = secret(bits);
            prop_assert_eq!(text.len(), 22);
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        }
    }
}
