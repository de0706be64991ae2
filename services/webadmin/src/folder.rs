//! What to serve, as mmpd has written it: the service folder.
//!
//! Invariant: a folder is read whole or not at all; what does not load changes nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use service_tls::{Identity, Policy, Prepared, Unusable};
use zeroize::Zeroizing;

/// Protocols of HTTPS, the best first.
const PROTOCOLS: service_tls::Protocols = &[b"h2", b"http/1.1"];

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `::` takes IPv4 too.
    pub address: std::net::IpAddr,
    /// TCP port.
    pub port: u16,
    /// The only interface that connections are taken from.
    #[serde(default)]
    pub interface: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", std::net::SocketAddr::new(self.address, self.port))?;
        self.interface.as_ref().map_or(Ok(()), |interface| write!(f, "%{interface}"))
    }
}

/// `service.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Counts the writings; the status names the one that it is about.
    pub generation: u64,
    /// HTTPS.
    pub listen: Vec<Place>,
    /// Plain HTTP that only points to HTTPS.
    #[serde(default)]
    pub redirect: Vec<Place>,
    /// `tls webadmin`.
    #[serde(default)]
    pub tls: Policy,
    /// mmpd's socket.
    pub control: PathBuf,
}

/// Why a folder cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum Unloadable {
    /// A file.
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// `service.json`.
    #[error("`{0}` is no service file: {1}")]
    Malformed(PathBuf, serde_json::Error),
    /// Key, certificates or settings.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

/// A folder that has been read.
#[derive(Debug)]
pub struct Loaded {
    /// What to do.
    pub service: Service,
    /// What to do it with; or why that is impossible, which leaves an older pair serving.
    pub tls: Result<Prepared, Unloadable>,
}

/// Reads `service.json` alone.
///
/// # Errors
/// When it is not there or is none.
pub fn service(folder: &Path) -> Result<Service, Unloadable> {
    let path = folder.join("service.json");
    let text = fs::read(&path).map_err(|error| Unloadable::Unreadable(path.clone(), error))?;
    serde_json::from_slice(&text).map_err(|error| Unloadable::Malformed(path, error))
}

/// Reads all of it.
///
/// # Errors
/// When `service.json` is not there or is none; a pair that does not work is told inside.
pub fn load(folder: &Path) -> Result<Loaded, Unloadable> {
    // mmpd swaps the folder as one; a handle on it would have to be kept to be sure. The generation, read before and
    // after, says whether the set is one.
    for _ in 0..8 {
        let service = service(folder)?;
        let tls = pair(folder, &service.tls);
        if self::service(folder)?.generation == service.generation {
            return Ok(Loaded { service, tls });
        }
    }
    let path = folder.join("service.json");
    Err(Unloadable::Unreadable(path, io::Error::other("it is being replaced again and again")))
}

fn pair(folder: &Path, policy: &Policy) -> Result<Prepared, Unloadable> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).map(Zeroizing::new).map_err(|error| Unloadable::Unreadable(path, error))
    };
    let (key, chain) = (read("key.pem")?, read("chain.pem")?);
    Ok(Prepared::new(policy, Identity { key: &key, chain: &chain }, PROTOCOLS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"generation": 7, "listen": [{"address":"::","port":445,"interface":"a"}],
        "redirect": [{"address":"::","port":80,"interface":"a"}], "tls": {"minimum":"1.2","ciphers":null},
        "control":"/run/mmpd/control.sock"}"#;

    #[test]
    fn a_folder_is_read_and_a_pair_that_does_not_work_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(load(folder.path()), Err(Unloadable::Unreadable(..))));
        fs::write(folder.path().join("service.json"), TEXT).unwrap();
        let loaded = load(folder.path()).unwrap();
        assert_eq!(loaded.service.listen[0].to_string(), "[::]:445%a");
        assert!(matches!(loaded.tls, Err(Unloadable::Unreadable(..))));
        let made = rcgen::generate_simple_self_signed(["a.test".to_owned()]).unwrap();
        fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        fs::write(folder.path().join("chain.pem"), made.cert.pem()).unwrap();
        assert!(load(folder.path()).unwrap().tls.is_ok());
        fs::write(folder.path().join("service.json"), "{").unwrap();
        assert!(matches!(load(folder.path()), Err(Unloadable::Malformed(..))));
    }
}
