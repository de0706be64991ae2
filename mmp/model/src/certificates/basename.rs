//! Base names of the files that `pki` makes (`mmp.md` section 9.3).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{FileName, InvalidValue, text_value};

/// A name without its ending: letters, digits, `-`, `_`; short enough for `.key` to fit behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Basename(heapless::String<60>);
text_value!(Basename);

impl Basename {
    /// `<name>.<ending>`; the ending has three letters.
    pub fn file(&self, ending: &str) -> FileName {
        format!("{}.{ending}", self.0).parse().expect("a base name leaves room for an ending of three letters")
    }
}

impl FromStr for Basename {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::new("Invalid base name", text);
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(wrong());
        }
        heapless::String::try_from(text).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Basename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_always_fits_and_is_never_part_of_the_name() {
        assert_eq!("x".repeat(60).parse::<Basename>().unwrap().file("key").as_str().len(), 64);
        for bad in ["", "one.key", "hostname,,,", "a b", &"x".repeat(61), "ä", "../x"] {
            assert!(bad.parse::<Basename>().is_err(), "{bad}");
        }
    }
}
