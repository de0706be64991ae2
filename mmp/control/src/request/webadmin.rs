//! `webadmin` and `tls` (`mmp.md` sections 10 and 20).

use mmp_model::{
    FileName,
    tls::{CipherList, DtlsVersion, PeerService, TlsService, TlsVersion, Verify},
    webadmin::{Certs, Listen},
};
use serde::{Deserialize, Serialize};

/// `webadmin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::large_enum_variant)] // short-lived, one at a time
pub enum Webadmin {
    /// Settings and whether it runs.
    Show,
    /// How it does: what it listens at, what waits for a restart, when its certificate ends.
    Status,
    /// Where it listens, or nowhere.
    Listen(Option<Listen>),
    /// The pair that it shows, or none.
    Certs(Option<Certs>),
    /// Whether port 80 leads to it.
    HttpRedirect(bool),
    /// On, if everything that it needs is there.
    Enable,
    /// Off, settings kept.
    Disable,
    /// Take the settings as they are now.
    Restart,
}

/// `tls`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Settings of one service, or of all.
    Show(Option<TlsService>),
    /// Lowest version of a service.
    Minimum(TlsService, TlsVersion),
    /// Lowest version of DTLS.
    MinimumDtls(DtlsVersion),
    /// Ciphers of a service, or its own choice.
    Ciphers(TlsService, Option<CipherList>),
    /// Certificates that peers are checked against.
    Trust(PeerService, Option<FileName>),
    /// Whether peers are checked.
    Verify(PeerService, Verify),
}
