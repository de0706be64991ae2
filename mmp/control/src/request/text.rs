//! `banner` and `motd`.

use mmp_model::text::LoginText;
use serde::{Deserialize, Serialize};

/// `banner`, `motd`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Text {
    /// The text.
    Show,
    /// A new text in the place of the old one.
    Add(LoginText),
    /// No text.
    Del,
}
