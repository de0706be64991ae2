//! Value types that cannot hold a wrong value, and the settings of every family.
//!
//! Invariants: no IO, no clock, no other crate of this workspace. Whatever ends up in a generated file (an address,
//! a name, a resource record) is one of these types, so that a value can never carry a second line with it. Every type
//! is parsed once, at the door, and a wrong value is an [`InvalidValue`] with the line that `mmp.md` section 1.5
//! documents.

pub mod account;
pub mod address;
pub mod address6;
pub mod backup;
pub mod capture;
pub mod certificates;
pub mod dns;
pub mod dscp;
pub mod duty;
pub mod file;
pub mod firewall;
pub mod interface;
pub mod ipv6;
pub mod name;
pub mod ports;
pub mod readable;
pub mod recovery;
pub mod restore;
pub mod rules;
pub mod settings;
pub mod ssh;
pub mod syslog;
pub mod text;
pub mod time;
pub mod tls;
pub mod versions;
pub mod webadmin;

pub use account::{Account, Role, Username};
pub use address::{Ipv4Prefix, Subnet};
pub use address6::{Ipv6Prefix, Ipv6Subnet};
pub use file::FileName;
pub use interface::Letter;
pub use name::{DomainName, Host, Hostname};
pub use settings::Settings;

/// A word that is not a value of its type. Its text is the line that the administrator reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {word}")]
pub struct InvalidValue {
    what: &'static str,
    word: String,
}

impl InvalidValue {
    /// `what` names the kind as the documentation words it (`Invalid IP address`), `word` is what was typed.
    pub fn new(what: &'static str, word: impl Into<String>) -> Self {
        Self { what, word: word.into() }
    }
}

/// Implements `Display`, `FromStr` consumers and serde through the type's own parser, so that stored text is checked too.
macro_rules! text_value {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = $crate::InvalidValue;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    };
}
pub(crate) use text_value;
