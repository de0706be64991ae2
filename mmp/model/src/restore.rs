//! Ways back to earlier settings: the time within which a change must be confirmed, and the numbers of restore points.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Seconds within which a change made on condition must be confirmed: 10 to 3600.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConfirmTime(u16);
text_value!(ConfirmTime);

impl ConfirmTime {
    /// The time that is given when none is named: two minutes.
    pub const DEFAULT: Self = Self(120);

    /// The time in seconds.
    pub fn seconds(self) -> u16 {
        self.0
    }
}

impl FromStr for ConfirmTime {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text.parse() {
            Ok(seconds @ 10..=3600) => Ok(Self(seconds)),
            _ => Err(InvalidValue::new("Invalid time, 10 to 3600 seconds", text)),
        }
    }
}

impl fmt::Display for ConfirmTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The number of a restore point, which is a generation of the settings; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RestorePoint(u64);
text_value!(RestorePoint);

impl RestorePoint {
    /// The number.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl From<u64> for RestorePoint {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl FromStr for RestorePoint {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = text.parse().ok().filter(|number| digits && *number > 0);
        number.map(Self).ok_or_else(|| InvalidValue::new("Invalid restore point", text))
    }
}

impl fmt::Display for RestorePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_ten_seconds_to_an_hour() {
        for good in ["10", "120", "3600"] {
            assert_eq!(good.parse::<ConfirmTime>().unwrap().to_string(), good);
        }
        for bad in ["", "9", "3601", "-1", "1m", "99999999999"] {
            let error = bad.parse::<ConfirmTime>().unwrap_err().to_string();
            assert_eq!(error, format!("Invalid time, 10 to 3600 seconds: {bad}"));
        }
    }

    #[test]
    fn restore_points_are_counted_from_one() {
        assert_eq!("7".parse::<RestorePoint>().unwrap().number(), 7);
        for bad in ["", "0", "+1", "-1", "x"] {
            assert!(bad.parse::<RestorePoint>().is_err(), "{bad}");
        }
    }
}
