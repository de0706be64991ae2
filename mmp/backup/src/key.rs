//! The key of an appliance's backups, as an administrator writes it down.
//!
//! Invariants: no formatter but [`BackupKey::reveal`] shows it; its memory is cleared when it is dropped. Its name says
//! which key a file wants and tells nothing about the key.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Bytes of a key: 160 bits, which make 32 characters without a remainder.
pub const BYTES: usize = 20;
/// Characters between two dashes.
const GROUP: usize = 4;
/// Digits and letters that are not mistaken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The key.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BackupKey([u8; BYTES]);

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a backup key has 8 groups of 4 letters and digits")]
pub struct NotAKey;

impl BackupKey {
    /// A new key of random bytes.
    pub fn new(random: [u8; BYTES]) -> Self {
        Self(random)
    }

    /// As it is written down: `7K3M-...`, eight groups.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(BYTES * 2));
        let (mut bits, mut held) = (0_u32, 0_u32);
        let mut written = 0;
        for byte in self.0 {
            bits = (bits << 8) | u32::from(byte);
            held += 8;
            while held >= 5 {
                held -= 5;
                if written > 0 && written % GROUP == 0 {
                    text.push('-');
                }
                text.push(char::from(ALPHABET[(bits >> held) as usize & 31]));
                written += 1;
            }
        }
        text
    }

    /// Names the key without telling it: twelve hexadecimal digits.
    pub fn name(&self) -> String {
        let digest = self.derive(b"rostrum backup key name");
        digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key of the cipher. The backup key is as good as random, so one hash with a purpose is derivation enough.
    pub(crate) fn cipher(&self) -> Zeroizing<[u8; 32]> {
        self.derive(b"rostrum backup file 1")
    }

    fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut hash = Sha256::new();
        hash.update(purpose);
        hash.update([0]);
        hash.update(self.0);
        Zeroizing::new(hash.finalize().into())
    }
}

impl FromStr for BackupKey {
    type Err = NotAKey;
    /// Takes lower case too, dashes and spaces anywhere, and the letters that look like digits as these digits.
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut key = Self([0; BYTES]);
        let (mut bits, mut held, mut filled) = (0_u32, 0_u32, 0);
        for c in text.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|&known| char::from(known) == c).ok_or(NotAKey)?;
            bits = (bits << 5) | u32::try_from(digit).map_err(|_| NotAKey)?;
            held += 5;
            if held >= 8 {
                held -= 8;
                *key.0.get_mut(filled).ok_or(NotAKey)? = (bits >> held) as u8;
                filled += 1;
            }
        }
        if filled == BYTES && held == 0 { Ok(key) } else { Err(NotAKey) }
    }
}

impl fmt::Debug for BackupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_is_eight_groups_of_four() {
        let key = BackupKey::new([0xff; BYTES]);
        assert_eq!(*key.reveal(), ["ZZZZ"; 8].join("-"));
        assert_eq!(*BackupKey::new([0; BYTES]).reveal(), ["0000"; 8].join("-"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = BackupKey::new([7; BYTES]).reveal();
        for bad in ["", "0000", &good[..good.len() - 1], &format!("{}0", *good), &good.replace('-', "u"), "ä"] {
            assert_eq!(bad.parse::<BackupKey>(), Err(NotAKey), "{bad}");
        }
    }

    #[test]
    fn a_key_is_not_printed_and_its_name_is_another_text() {
        let key = BackupKey::new([9; BYTES]);
        assert_eq!(format!("{key:?}"), "BackupKey(..)");
        assert_eq!(key.name().len(), 12);
        assert_ne!(key.name(), BackupKey::new([8; BYTES]).name());
    }

    proptest! {
        #[test]
        fn a_key_that_was_written_down_is_read_however_it_is_typed(random in any::<[u8; BYTES]>(), lower in any::<bool>()) {
            let key = BackupKey::new(random);
            let text = key.reveal().replace('-', if lower { " " } else { "" });
            let text = if lower { text.to_lowercase().replace('0', "o").replace('1', "l") } else { text };
            prop_assert_eq!(text.parse::<BackupKey>(), Ok(key));
        }
    }
}
