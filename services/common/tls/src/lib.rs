//! What a service accepts TLS connections with: one type, two libraries behind it.
//!
//! rustls serves unless an administrator asked for what it cannot do: a version below 1.2, or a list of ciphers in
//! OpenSSL's words (`mmp.md` section 20). Then OpenSSL serves, inside this process, so that the peer's certificate and
//! the version reach the service either way.
//!
//! Invariants: an [`Acceptor`] always has something to accept with; what replaces it has been checked whole before (the
//! key fits the certificate, the list names ciphers), and connections that are there go on. Neither library renegotiates
//! or compresses. A key is never in an error's text.

mod legacy;
mod modern;
mod stream;

use std::{fmt, io, str::FromStr, sync::Arc};

use arc_swap::ArcSwap;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use tokio::net::TcpStream;

pub use stream::Stream;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// RFC 2246.
    Tls10,
    /// RFC 4346.
    Tls11,
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    const ALL: [(Self, &str); 4] =
        [(Self::Tls10, "1.0"), (Self::Tls11, "1.1"), (Self::Tls12, "1.2"), (Self::Tls13, "1.3")];
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::ALL.iter().find(|(version, _)| version == self).map_or(Ok(()), |(_, word)| f.write_str(word))
    }
}

/// A text that names no version.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a TLS version: {0}")]
pub struct NoVersion(String);

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let found = Self::ALL.iter().find(|(_, word)| *word == text);
        found.map(|(version, _)| *version).ok_or_else(|| NoVersion(text.chars().take(16).collect()))
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What an administrator may set (`tls <service>`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The lowest version.
    pub minimum: Version,
    /// Ciphers up to TLS 1.2 in OpenSSL's words; none: the library's choice.
    pub ciphers: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { minimum: Version::Tls12, ciphers: None }
    }
}

impl Policy {
    /// Whether OpenSSL has to serve.
    pub fn is_legacy(&self) -> bool {
        self.minimum < Version::Tls12 || self.ciphers.is_some()
    }
}

/// The files of a service, in PEM.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: &'a [u8],
    /// The service's own certificate first.
    pub chain: &'a [u8],
}

/// Protocols that a service offers by ALPN (RFC 7301), the best first.
pub type Protocols = &'static [&'static [u8]];

/// Why a set of files and settings cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// No key, or none that can be read without a password.
    #[error("the key file holds no private key that can be read")]
    Key,
    /// Not one certificate, or one that cannot be read.
    #[error("the certificate file holds no certificate that can be read")]
    Chain,
    /// The pair.
    #[error("the key and the certificate do not match")]
    Mismatch,
    /// The list of ciphers.
    #[error("the list of ciphers names none that is known")]
    Ciphers,
    /// Anything else that a library says.
    #[error("the key and certificate cannot be used: {0}")]
    Library(String),
}

/// Why a connection did not come about.
#[derive(Debug, thiserror::Error)]
#[error("no TLS connection: {0}")]
pub struct NoConnection(#[from] io::Error);

/// Something to accept with, checked.
#[derive(Clone)]
pub struct Prepared(Made);

#[derive(Clone)]
enum Made {
    Modern(tokio_rustls::TlsAcceptor),
    Legacy(legacy::Context),
}

impl Prepared {
    /// Checks files and settings, and makes of them what connections are accepted with.
    ///
    /// # Errors
    /// Says what is wrong with the files or the settings; nothing has changed then.
    pub fn new(policy: &Policy, identity: Identity<'_>, protocols: Protocols) -> Result<Self, Unusable> {
        // What one library takes the other might not; the modern one judges the files of both.
        let modern = modern::configuration(policy.minimum, identity, protocols)?;
        Ok(Self(if policy.is_legacy() {
            Made::Legacy(legacy::context(policy, identity)?)
        } else {
            Made::Modern(modern.into())
        }))
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Made::Modern(_) => "Prepared(rustls)",
            Made::Legacy(_) => "Prepared(OpenSSL)",
        })
    }
}

/// Accepts connections with what was put in last.
#[derive(Clone, Debug)]
pub struct Acceptor(Arc<ArcSwap<Prepared>>);

impl Acceptor {
    /// With something to begin with.
    pub fn new(prepared: Prepared) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(prepared)))
    }

    /// For connections from now on. Those that are there, and those whose handshake has begun, go on with what they
    /// have.
    pub fn replace(&self, prepared: Prepared) {
        self.0.store(Arc::new(prepared));
    }

    /// The handshake. Takes as long as the peer does: the caller bounds it.
    ///
    /// # Errors
    /// When the peer cannot agree or goes away; the connection is closed then.
    pub async fn accept(&self, connection: TcpStream) -> Result<Stream, NoConnection> {
        let prepared = Prepared::clone(&self.0.load());
        Ok(match prepared.0 {
            Made::Modern(acceptor) => Stream::modern(acceptor.accept(connection).await?),
            Made::Legacy(context) => Stream::legacy(context.accept(connection).await?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_written_as_they_are_typed() {
        for (version, word) in Version::ALL {
            assert_eq!((word.parse(), version.to_string()), (Ok(version), word.to_owned()));
        }
        assert!("1.4".parse::<Version>().is_err());
        assert!(Version::Tls10 < Version::Tls12);
    }

    #[test]
    fn openssl_serves_only_what_rustls_cannot() {
        let policy = |minimum, ciphers: Option<&str>| Policy { minimum, ciphers: ciphers.map(str::to_owned) };
        assert!(!Policy::default().is_legacy());
        assert!(!policy(Version::Tls13, None).is_legacy());
        assert!(policy(Version::Tls11, None).is_legacy());
        assert!(policy(Version::Tls13, Some("HIGH")).is_legacy());
    }
}
