//! Where Web Admin and the API listen, and with which certificate (`mmp.md` section 10).

use serde::{Deserialize, Serialize};

use crate::{FileName, Letter, syslog::Port};

/// Settings of the family `webadmin`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webadmin {
    /// It runs.
    pub enabled: bool,
    /// Where HTTPS is answered.
    pub listen: Option<Listen>,
    /// The pair that it shows.
    pub certs: Option<Certs>,
    /// Port 80 leads there.
    pub http_redirect: bool,
}

/// An interface and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Exactly one.
    pub interface: Letter,
    /// 443 unless the administrator says otherwise.
    pub port: Port,
}

/// Files of a service's key and certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certs {
    /// The private key.
    pub key: FileName,
    /// The service's own certificate.
    pub certificate: FileName,
    /// Certificates that lead from it to a root.
    pub bundle: Option<FileName>,
}

impl Listen {
    /// The port of `webadmin listen <interface>`.
    pub fn usual_port() -> Port {
        "443".parse().expect("443 is a port")
    }
}
