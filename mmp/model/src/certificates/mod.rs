//! Which file of the SFTP folder is used by which service (`mmp.md` section 9: bare `pki`).
//!
//! Invariant: [`uses`] is the one table. A family whose settings name a file adds its lines here, and by that alone the
//! file is in bare `pki`, in backups and in the warnings of expiry, and can be neither removed nor renamed.

mod basename;
mod subject;

use std::fmt;

pub use basename::Basename;
pub use subject::{AlternativeName, Attribute, Field, KeyKind, Subject};

use crate::{FileName, Settings};

/// A file that a setting names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use<'a> {
    /// The words of the setting, without the file: `webadmin certs`. `<words> none` lets go of it.
    pub setting: &'static str,
    /// What the service wants it for.
    pub purpose: Purpose,
    /// The file.
    pub file: &'a FileName,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Private key of the service.
    Key,
    /// Certificate of the service.
    Certificate,
    /// Certificates that lead from the service's own to a root.
    Bundle,
    /// Certificates of peers, or of who signed them.
    Trust,
    /// A secret that is no key of a certificate.
    Secret,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::Bundle => "CA bundle",
            Self::Trust => "trust",
            Self::Secret => "secret",
        })
    }
}

impl Use<'_> {
    /// The family: `webadmin`.
    pub fn service(&self) -> &'static str {
        self.setting.split(' ').next().unwrap_or(self.setting)
    }
}

/// All uses, in the order of the families.
pub fn uses(settings: &Settings) -> impl Iterator<Item = Use<'_>> {
    let webadmin = settings.webadmin.certs.as_ref();
    let all = [
        ("ntp groupkey", Purpose::Secret, settings.ntp.group_key.as_ref()),
        ("syslog trust", Purpose::Trust, settings.syslog.trust.as_ref()),
        ("tls sip trust", Purpose::Trust, settings.tls.sip_peers.trust.as_ref()),
        ("tls ldap trust", Purpose::Trust, settings.tls.ldap_peers.trust.as_ref()),
        ("webadmin certs", Purpose::Key, webadmin.map(|certs| &certs.key)),
        ("webadmin certs", Purpose::Certificate, webadmin.map(|certs| &certs.certificate)),
        ("webadmin certs", Purpose::Bundle, webadmin.and_then(|certs| certs.bundle.as_ref())),
    ];
    all.into_iter().filter_map(|(setting, purpose, file)| Some(Use { setting, purpose, file: file? }))
}
