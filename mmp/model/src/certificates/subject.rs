//! Whom a certificate or a request is for: the attributes of `pki csr` and `pki selfsigned` (`mmp.md` section 9.2).
//!
//! Invariants: every text fits its field's upper bound (RFC 5280 appendix A.1) and has no control character; host names
//! are what a peer can compare with.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{InvalidValue, text_value};

/// Most alternative names. A request with more is refused by public authorities too.
const MOST_NAMES: usize = 100;

/// A field of the subject's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Field {
    /// `CN`.
    CommonName,
    /// `OU`.
    OrganizationalUnit,
    /// `O`.
    Organization,
    /// `L`.
    Locality,
    /// `ST`.
    State,
    /// `C`.
    Country,
    /// `emailAddress`.
    Email,
}

impl Field {
    /// All of them, each with its word and the most characters of its value.
    pub const ALL: [(Self, &str, usize); 7] = [
        (Self::CommonName, "CN", 64),
        (Self::OrganizationalUnit, "OU", 64),
        (Self::Organization, "O", 64),
        (Self::Locality, "L", 128),
        (Self::State, "ST", 128),
        (Self::Country, "C", 2),
        (Self::Email, "emailAddress", 255),
    ];
}

/// What kind of key is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// RSA, 2048 bits.
    #[default]
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// ECDSA on P-256.
    Ec256,
    /// ECDSA on P-384.
    Ec384,
}

impl KeyKind {
    /// All of them with their words.
    pub const ALL: [(Self, &str); 5] = [
        (Self::Rsa2048, "rsa2048"),
        (Self::Rsa3072, "rsa3072"),
        (Self::Rsa4096, "rsa4096"),
        (Self::Ec256, "ec256"),
        (Self::Ec384, "ec384"),
    ];
}

/// An entry of `subjectAltName`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AlternativeName {
    /// A host name; its first label may be `*`.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// `https://...`.
    Uri(String),
}
text_value!(AlternativeName);

impl AlternativeName {
    /// A host name, when the text is one.
    pub fn host(text: &str) -> Option<Self> {
        let plain = text.strip_prefix("*.").unwrap_or(text);
        let label = |label: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            !label.is_empty() && label.len() <= 63 && label.bytes().all(allowed) && !label.starts_with('-')
        };
        (text.len() <= 253 && plain.split('.').all(label)).then(|| Self::Dns(text.to_owned()))
    }
}

impl FromStr for AlternativeName {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new("Invalid alternative name", text);
        // As openssl writes them.
        let bare = ["DNS:", "IP:", "URI:"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Ip(address));
        }
        if let Some((scheme, rest)) = bare.split_once("://") {
            let scheme = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
            let rest = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic());
            return if scheme && rest && bare.len() <= 255 { Ok(Self::Uri(bare.to_owned())) } else { Err(invalid()) };
        }
        // Four numbers are an address that went wrong, and no host.
        if bare.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(invalid());
        }
        Self::host(bare).ok_or_else(invalid)
    }
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(text) | Self::Uri(text) => f.write_str(text),
            Self::Ip(address) => write!(f, "{address}"),
        }
    }
}

/// One argument: `NAME:value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A field of the name.
    Field(Field, String),
    /// `subjectAltName`.
    Names(Vec<AlternativeName>),
    /// `keyType`, which is ours.
    Key(KeyKind),
}

impl FromStr for Attribute {
    type Err = InvalidValue;
    fn from_str(word: &str) -> Result<Self, InvalidValue> {
        let unknown = || InvalidValue::new("Unknown attribute", word);
        let (name, value) = word.split_once(':').ok_or_else(unknown)?;
        let invalid = || InvalidValue::new("Invalid value", word);
        if name.eq_ignore_ascii_case("subjectAltName") {
            let names: Vec<AlternativeName> = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
            return if names.len() <= MOST_NAMES {
                Ok(Self::Names(names))
            } else {
                Err(InvalidValue::new("More than 100 alternative names", names.len().to_string()))
            };
        }
        if name.eq_ignore_ascii_case("keyType") {
            let kind = KeyKind::ALL.into_iter().find(|(_, word)| *word == value);
            return kind
                .map(|(kind, _)| Self::Key(kind))
                .ok_or_else(|| InvalidValue::new("Invalid key type (rsa2048, rsa3072, rsa4096, ec256, ec384)", value));
        }
        let (field, _, most) =
            Field::ALL.into_iter().find(|(_, word, _)| word.eq_ignore_ascii_case(name)).ok_or_else(unknown)?;
        let length = value.chars().count();
        if value.trim().is_empty() || length > most || value.chars().any(char::is_control) {
            return Err(invalid());
        }
        let form = match field {
            Field::Country => length == 2 && value.bytes().all(|b| b.is_ascii_alphabetic()),
            Field::Email => value.is_ascii() && value.contains('@'),
            _ => true,
        };
        if !form {
            return Err(invalid());
        }
        let value = if field == Field::Country { value.to_ascii_uppercase() } else { value.to_owned() };
        Ok(Self::Field(field, value))
    }
}

/// Whom it is for, and with what key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Fields of the name, in the order of [`Field`], each once at most.
    pub fields: Vec<(Field, String)>,
    /// `subjectAltName`.
    pub names: Vec<AlternativeName>,
    /// The key that is made for it.
    pub key: KeyKind,
}

impl Subject {
    /// From the arguments of a line.
    ///
    /// # Errors
    /// The documented line on the first one that is wrong.
    pub fn of<T: AsRef<str>>(words: &[T]) -> Result<Self, InvalidValue> {
        let mut subject = Self::default();
        for word in words {
            let word = word.as_ref();
            match word.parse()? {
                Attribute::Field(field, value) => {
                    if subject.fields.iter().any(|(known, _)| *known == field) {
                        return Err(InvalidValue::new("Attribute given twice", word));
                    }
                    subject.fields.push((field, value));
                }
                Attribute::Names(names) => subject.names.extend(names),
                Attribute::Key(kind) => subject.key = kind,
            }
        }
        subject.fields.sort_by_key(|(field, _)| *field);
        Ok(subject)
    }

    /// `CN`.
    pub fn common_name(&self) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == Field::CommonName).map(|(_, value)| value.as_str())
    }

    /// The alternative names with the common name among them, where that is a host name or an address: peers look for
    /// it there and nowhere else (RFC 9525 section 2).
    pub fn all_names(&self) -> Vec<AlternativeName> {
        let own = self.common_name().and_then(|name| name.parse::<AlternativeName>().ok());
        let mut names: Vec<AlternativeName> = Vec::new();
        for name in own.into_iter().chain(self.names.iter().cloned()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(word: &str) -> String {
        word.parse::<Attribute>().unwrap_err().to_string()
    }

    #[test]
    fn attributes_are_those_documented() {
        let subject = Subject::of(&[
            "CN:cms.example.com",
            "OU:Video",
            "O:Example Ltd",
            "C:gb",
            "subjectAltName:join.example.com,192.0.2.10,https://cms.example.com/x,*.example.com,2001:db8::1",
            "keyType:ec256",
        ]);
        let subject = subject.unwrap();
        assert_eq!(subject.common_name(), Some("cms.example.com"));
        assert_eq!(subject.fields[3], (Field::Country, "GB".into()));
        let names: Vec<String> = subject.all_names().iter().map(ToString::to_string).collect();
        let expected = [
            "cms.example.com",
            "join.example.com",
            "192.0.2.10",
            "https://cms.example.com/x",
            "*.example.com",
            "2001:db8::1",
        ];
        assert_eq!(names, expected);
        assert_eq!(subject.key, KeyKind::Ec256);
    }

    #[test]
    fn what_is_no_attribute_is_refused_with_its_line() {
        assert_eq!(refused("XX:y"), "Unknown attribute: XX:y");
        assert_eq!(refused("cms.example.com"), "Unknown attribute: cms.example.com");
        assert_eq!(refused("C:GBR"), "Invalid value: C:GBR");
        assert_eq!(refused("CN:"), "Invalid value: CN:");
        assert_eq!(refused("subjectAltName:a, b"), "Invalid alternative name:  b");
        assert_eq!(refused("subjectAltName:192.0.2.300"), "Invalid alternative name: 192.0.2.300");
        assert_eq!(refused("subjectAltName:"), "Invalid alternative name: ");
        assert!(refused(&format!("CN:{}", "x".repeat(65))).starts_with("Invalid value"));
        assert_eq!(Subject::of(&["CN:a", "CN:b"]).unwrap_err().to_string(), "Attribute given twice: CN:b");
    }

    #[test]
    fn a_common_name_that_is_no_host_is_no_alternative_name() {
        assert!(Subject::of(&["CN:Example Root"]).unwrap().all_names().is_empty());
        assert_eq!(Subject::of(&["CN:postgres"]).unwrap().all_names().len(), 1);
    }
}
