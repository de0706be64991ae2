//! Object ids: 36 characters of lower-case hexadecimal text with four hyphens (RFC 9562 section 4).

use std::{fmt, str::FromStr};

/// An object's id. Clients write it in either case; it is always shown in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(u128);

/// Where the hyphens are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];
const LENGTH: usize = 36;

impl Guid {
    /// An id of random bits, marked as such (version 4, RFC 9562 section 5.4).
    pub const fn random(bits: u128) -> Self {
        Self(bits & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62)
    }

    /// The very bits, for ids that come from elsewhere.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |shift: u32, digits: u32| (self.0 >> shift) & ((1 << (digits * 4)) - 1);
        write!(
            out,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        )
    }
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has 36 characters, 8-4-4-4-12 hexadecimal digits")]
pub struct NotAGuid;

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        if text.len() != LENGTH {
            return Err(NotAGuid);
        }
        let mut bits = 0;
        for (at, byte) in text.bytes().enumerate() {
            if HYPHENS.contains(&at) {
                if byte != b'-' {
                    return Err(NotAGuid);
                }
            } else {
                let digit = char::from(byte).to_digit(16).ok_or(NotAGuid)?;
                bits = bits << 4 | u128::from(digit);
            }
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_comes_back_in_lower_case(bits in any::<u128>()) {
            let text = Guid::from_bits(bits).to_string();
            prop_assert_eq!(text.len(), 36);
            prop_assert_eq!(text.parse(), Ok(Guid::from_bits(bits)));
            prop_assert_eq!(text.to_uppercase().parse(), Ok(Guid::from_bits(bits)));
            prop_assert_eq!(&Guid::random(bits).to_string()[14..15], "4");
        }

        #[test]
        fn other_text_is_no_id(text in "[0-9a-g-]{30,40}") {
            if let Ok(id) = text.parse::<Guid>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
