//! `webadmin` and `tls`.

use mmp_model::{
    account::UnixTime,
    tls::{self, TlsService},
    webadmin,
};
use serde::{Deserialize, Serialize};

/// `webadmin`, `webadmin status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Webadmin {
    /// What is set.
    pub settings: webadmin::Webadmin,
    /// It answers.
    pub running: bool,
    /// Addresses that it answers at: `[::]:445%a`.
    pub listening: Vec<String>,
    /// What is wrong with it.
    pub fault: Option<String>,
    /// What was set since it took its settings, and waits for `webadmin restart`.
    pub pending: Vec<String>,
    /// The certificate that it shows.
    pub certificate: Option<Certificate>,
    /// What should be known, a line each.
    pub warnings: Vec<String>,
}

/// A certificate that a service shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Names that it is for.
    pub names: Vec<String>,
    /// Last second of validity, in seconds since 1970 UTC.
    pub expires: UnixTime,
    /// SHA-256, hexadecimal.
    pub fingerprint: String,
}

/// `tls`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tls {
    /// Of this service alone.
    pub service: Option<TlsService>,
    /// What is set.
    pub settings: tls::Tls,
}
