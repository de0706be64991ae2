//! Versions and ciphers of TLS (`mmp.md` section 20).
//!
//! Invariant: a cipher list holds only what a list in OpenSSL's form can hold (`openssl-ciphers(1)`), so it never
//! carries a second line or a quote into a file; whether it names a cipher is the service's to say.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{FileName, InvalidValue, text_value};

/// Longest cipher list, in bytes.
const LONGEST_LIST: usize = 512;

/// Settings of the family `tls`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// SIP over TLS.
    pub sip: Rules,
    /// LDAP over TLS.
    pub ldap: Rules,
    /// Web Admin and the API.
    pub webadmin: Rules,
    /// Checks of SIP's peers.
    pub sip_peers: Peers,
    /// Checks of LDAP servers.
    pub ldap_peers: Peers,
    /// Lowest version of DTLS.
    pub minimum_dtls: DtlsVersion,
}

/// What one service accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Lowest version.
    pub minimum: TlsVersion,
    /// Ciphers, unless the service's own choice.
    pub ciphers: Option<CipherList>,
}

/// How the far end's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peers {
    /// Certificates to check against.
    pub trust: Option<FileName>,
    /// Whether, and how far.
    pub verify: Verify,
}

/// Whether the far end's certificate is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// It is not.
    #[default]
    Disable,
    /// It is.
    Enable,
    /// It is, and its authority is asked whether it was withdrawn.
    Ocsp,
}

/// A service that the rules are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsService {
    /// SIP.
    Sip,
    /// LDAP.
    Ldap,
    /// Web Admin and the API.
    Webadmin,
}

/// A service whose peers are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PeerService {
    /// SIP.
    Sip,
    /// LDAP.
    Ldap,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TlsVersion {
    /// RFC 2246; broken.
    #[serde(rename = "1.0")]
    V1_0,
    /// RFC 4346; broken.
    #[serde(rename = "1.1")]
    V1_1,
    /// RFC 5246.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// RFC 8446.
    #[serde(rename = "1.3")]
    V1_3,
}

/// A version of DTLS as the product counts them; there is no DTLS 1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DtlsVersion {
    /// RFC 4347.
    #[serde(rename = "1.0")]
    V1_0,
    /// Taken for 1.2.
    #[serde(rename = "1.1")]
    V1_1,
    /// RFC 6347.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
}

/// A list of ciphers in OpenSSL's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CipherList(String);
text_value!(CipherList);

impl Tls {
    /// What a service accepts.
    pub fn rules(&self, service: TlsService) -> &Rules {
        match service {
            TlsService::Sip => &self.sip,
            TlsService::Ldap => &self.ldap,
            TlsService::Webadmin => &self.webadmin,
        }
    }

    /// The same, to be changed.
    pub fn rules_mut(&mut self, service: TlsService) -> &mut Rules {
        match service {
            TlsService::Sip => &mut self.sip,
            TlsService::Ldap => &mut self.ldap,
            TlsService::Webadmin => &mut self.webadmin,
        }
    }

    /// How a service's peers are checked.
    pub fn peers(&self, service: TlsService) -> Option<&Peers> {
        match service {
            TlsService::Sip => Some(&self.sip_peers),
            TlsService::Ldap => Some(&self.ldap_peers),
            TlsService::Webadmin => None,
        }
    }

    /// The same, to be changed.
    pub fn peers_mut(&mut self, service: PeerService) -> &mut Peers {
        match service {
            PeerService::Sip => &mut self.sip_peers,
            PeerService::Ldap => &mut self.ldap_peers,
        }
    }
}

impl TlsService {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sip, Self::Ldap, Self::Webadmin];

    /// The word that is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Ldap => "ldap",
            Self::Webadmin => "webadmin",
        }
    }
}

impl TlsVersion {
    /// All of them, the lowest first.
    pub const ALL: [Self; 4] = [Self::V1_0, Self::V1_1, Self::V1_2, Self::V1_3];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        }
    }
}

impl DtlsVersion {
    /// All of them, the lowest first.
    pub const ALL: [Self; 3] = [Self::V1_0, Self::V1_1, Self::V1_2];

    /// As it is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_1 => "1.1",
            Self::V1_2 => "1.2",
        }
    }
}

impl PeerService {
    /// The service.
    pub fn service(self) -> TlsService {
        match self {
            Self::Sip => TlsService::Sip,
            Self::Ldap => TlsService::Ldap,
        }
    }
}

impl Verify {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Enable, Self::Disable, Self::Ocsp];

    /// The word that is typed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Ocsp => "ocsp",
        }
    }
}

/// Parses by the typed word, with the documented line.
macro_rules! by_word {
    ($type:ty, $what:literal) => {
        impl FromStr for $type {
            type Err = InvalidValue;
            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::ALL.into_iter().find(|one| one.word() == text).ok_or_else(|| InvalidValue::new($what, text))
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}
by_word!(TlsService, "Invalid service");
by_word!(TlsVersion, "Invalid TLS version");
by_word!(DtlsVersion, "Invalid DTLS version");
by_word!(Verify, "Invalid value");

impl FromStr for PeerService {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "sip" => Ok(Self::Sip),
            "ldap" => Ok(Self::Ldap),
            _ => Err(InvalidValue::new("Invalid service", text)),
        }
    }
}

impl FromStr for CipherList {
    type Err = InvalidValue;
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_+!:@=,.".contains(&b);
        let name = |word: &str| word.bytes().any(|b| b.is_ascii_alphanumeric());
        if text.len() <= LONGEST_LIST && text.bytes().all(allowed) && text.split([':', ',']).all(name) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidValue::new("Invalid cipher string", text))
    }
}

impl fmt::Display for CipherList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_documented() {
        assert_eq!("1.4".parse::<TlsVersion>().unwrap_err().to_string(), "Invalid TLS version: 1.4");
        assert_eq!("smtp".parse::<TlsService>().unwrap_err().to_string(), "Invalid service: smtp");
        assert!(TlsVersion::V1_0 < TlsVersion::default() && "1.3".parse::<TlsVersion>().unwrap() > TlsVersion::V1_2);
        assert_eq!(serde_json::to_string(&Rules::default()).unwrap(), r#"{"minimum":"1.2","ciphers":null}"#);
    }

    #[test]
    fn a_cipher_list_is_of_names_only() {
        for good in ["HIGH:!aNULL:!MD5", "ECDHE-RSA-AES128-GCM-SHA256", "DEFAULT@SECLEVEL=0", "ALL:+RC4"] {
            assert_eq!(good.parse::<CipherList>().unwrap().to_string(), good);
        }
        for bad in ["", "HIGH:", "a\nb", "a b", "\"", &"x".repeat(513)] {
            assert!(bad.parse::<CipherList>().is_err(), "{bad:?}");
        }
    }
}
