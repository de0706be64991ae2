//! Texts that people read at the login: `banner` before it, `motd` after it (`mmp.md` section 26).
//!
//! Invariant: a [`LoginText`] has only characters that a terminal shows as they are, so it can neither steer a terminal
//! nor pass for lines that it did not write.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Longest text, in characters.
pub const LONGEST_TEXT: usize = 2048;

/// Settings of the families `banner` and `motd`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Shown before somebody has logged in.
    pub banner: Option<LoginText>,
    /// Shown after.
    pub motd: Option<LoginText>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// Before the login.
    Banner,
    /// After the login.
    Motd,
}

impl Which {
    /// The word that is typed, and the name of the file that sets it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Motd => "motd",
        }
    }
}

impl Texts {
    /// One of them.
    pub fn get(&self, which: Which) -> Option<&LoginText> {
        match which {
            Which::Banner => self.banner.as_ref(),
            Which::Motd => self.motd.as_ref(),
        }
    }

    /// Sets one of them.
    pub fn set(&mut self, which: Which, text: Option<LoginText>) {
        match which {
            Which::Banner => self.banner = text,
            Which::Motd => self.motd = text,
        }
    }
}

/// At most [`LONGEST_TEXT`] characters in lines without their last line end; not blank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoginText(Box<str>);
text_value!(LoginText);

impl LoginText {
    /// The text, its lines apart by `\n`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LoginText {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = |why: &str| Err(InvalidValue::new("Invalid text", why));
        // Editors on other systems end lines in their own way, and begin files with a mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\t', "    ");
        let text = text.trim_end();
        if text.trim().is_empty() {
            return wrong("it is empty");
        }
        if text.chars().count() > LONGEST_TEXT {
            return wrong("2048 characters at most");
        }
        if !text.chars().all(|c| c == '\n' || is_plain(c)) {
            return wrong("no control characters");
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for LoginText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the character is shown as it is: neither a control character, nor one that breaks a line or turns its
/// direction (Unicode categories Cc, Zl, Zp and the format characters of Cf).
pub fn is_plain(c: char) -> bool {
    let unseen = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
    !c.is_control() && !unseen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<LoginText>().unwrap_err().to_string()
    }

    #[test]
    fn files_of_every_editor_are_the_same_text() {
        let text: LoginText = "\u{feff}Authorised use only\r\n\tLeave now\r\n\r\n".parse().unwrap();
        assert_eq!(text.as_str(), "Authorised use only\n    Leave now");
    }

    #[test]
    fn a_text_cannot_steer_a_terminal_and_has_its_length() {
        for bad in ["\u{1b}[2J", "a\u{7}", "a\rb", "a\u{9b}2J", "a\u{202e}b", "a\u{2028}b", "a\0"] {
            assert_eq!(refusal(bad), "Invalid text: no control characters", "{bad:?}");
        }
        assert_eq!(refusal(" \n\n"), "Invalid text: it is empty");
        assert!("\u{e4}".repeat(LONGEST_TEXT).parse::<LoginText>().is_ok());
        assert_eq!(refusal(&"x".repeat(LONGEST_TEXT + 1)), "Invalid text: 2048 characters at most");
    }

    proptest! {
        #[test]
        fn what_is_taken_is_shown_as_it_is(text in any::<String>()) {
            if let Ok(taken) = text.parse::<LoginText>() {
                prop_assert!(taken.as_str().chars().all(|c| c == '\n' || !c.is_control()));
                prop_assert_eq!(taken.as_str().parse::<LoginText>(), Ok(taken));
            }
        }
    }
}
