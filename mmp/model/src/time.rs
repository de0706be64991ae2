//! NTP servers and time zone (`mmp.md` sections 8.5, 8.6).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{FileName, Host, InvalidValue, text_value};

/// Most NTP servers that can be configured.
pub const MAX_NTP_SERVERS: usize = 5;

/// Settings of the family `ntp`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ntp {
    /// Servers in the order in which they were added.
    pub servers: Vec<Host>,
    /// File with the symmetric key shared with all servers.
    pub group_key: Option<FileName>,
}

/// A time zone's name in the IANA database, well formed; whether it exists is for the appliance to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName(heapless::String<64>);
text_value!(ZoneName);

impl ZoneName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ZoneName {
    fn default() -> Self {
        Self(heapless::String::try_from("Etc/UTC").expect("seven letters fit"))
    }
}

impl FromStr for ZoneName {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let part = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
        };
        if !text.split('/').all(part) {
            return Err(InvalidValue::new("Invalid timezone", text));
        }
        heapless::String::try_from(text).map(Self).map_err(|_| InvalidValue::new("Invalid timezone", text))
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Settings of the family `timezone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timezone {
    /// The zone in which local time is shown.
    pub zone: ZoneName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_names_cannot_leave_the_database() {
        for good in ["Europe/London", "Etc/GMT+1", "America/Argentina/Buenos_Aires", "UTC"] {
            assert_eq!(good.parse::<ZoneName>().unwrap().as_str(), good);
        }
        for bad in ["", "../../etc/passwd", "/etc/passwd", "Europe/", "Europe/../x", "Europe/Lon don"] {
            assert!(bad.parse::<ZoneName>().is_err(), "{bad:?}");
        }
    }
}
